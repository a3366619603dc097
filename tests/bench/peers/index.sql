-- What the pages of postgraphile.mjs are ordered by: see there.
CREATE INDEX IF NOT EXISTS bench_contract_by_expiration
    ON contract (org_id, coalesce(expiration_date, '9999-12-31'::date), id);
