-- A graph of current_setting('bench.contracts') contracts in 20 orgs, the same at every run of a day.
-- An opportunity has 1 to 3 contracts; a contract has about 3 parties, 5 amendments, 2 documents, 4 obligations.
SET session_replication_role = replica; -- the references are right by construction
SET maintenance_work_mem = '256MB';
SET synchronous_commit = off;

CREATE FUNCTION pg_temp.made(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1730000000000 + n), 12, '0') || '7' || substr(md5(kind || n), 1, 3)
          || '8' || substr(md5(kind || n), 4, 15))::uuid $$;
CREATE FUNCTION pg_temp.dice(salt text, n bigint, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashtext(salt || n) & 2147483647) % sides $$;
CREATE FUNCTION pg_temp.any_of(salt text, n bigint, words text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT words[1 + pg_temp.dice(salt, n, cardinality(words))] $$;

-- Indexes are made after the rows: quicker, and packed as after a vacuum.
CREATE TEMP TABLE laid_aside AS
  SELECT c.relname, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
   WHERE c.relnamespace = 'public'::regnamespace
     AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid);
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT * FROM laid_aside LOOP EXECUTE format('DROP INDEX %I', each.relname); END LOOP;
END $$;

INSERT INTO org (id, name)
SELECT pg_temp.made('org', o), 'Organisation ' || o FROM generate_series(0, 19) o;

INSERT INTO account (org_id, id, salesforce_id, name, industry, billing_country)
SELECT pg_temp.made('org', a % 20), pg_temp.made('account', a), '001' || lpad(a::text, 12, '0') || 'AAA',
       'Account ' || a, 'Manufacturing', 'DE'
  FROM generate_series(0, current_setting('bench.contracts')::integer / 20 + 19) a;

-- Contract n is number i = n / 20 of its org, n % 20; of six in a row, one, two and three share an opportunity.
CREATE TEMP TABLE plan AS
  SELECT n, o, 20 * (i / 6 * 3 + CASE i % 6 WHEN 0 THEN 0 WHEN 1 THEN 1 WHEN 2 THEN 1 ELSE 2 END) + o AS k,
         pg_temp.made('org', o) AS org_id, pg_temp.made('contract', n) AS id,
         pg_temp.dice('expiration', n, 1800) - 360 AS days, pg_temp.dice('amendments', n, 11) AS amended
    FROM (SELECT n, n % 20 AS o, n / 20 AS i
            FROM generate_series(0, current_setting('bench.contracts')::integer - 1) n) numbered;

INSERT INTO opportunity (org_id, id, salesforce_id, name, stage, is_closed, is_won, stage_category, close_date,
                         account_id)
SELECT DISTINCT ON (k)
       org_id, pg_temp.made('opportunity', k), '006' || lpad(k::text, 12, '0') || 'AAA',
       'Renewal of platform and services ' || k, 'Closed Won', true, true, 'BOOKED',
       (now() AT TIME ZONE 'UTC')::date - pg_temp.dice('close', k, 900),
       pg_temp.made('account', k % (current_setting('bench.contracts')::integer / 20) / 20 * 20 + o)
  FROM plan ORDER BY k;

INSERT INTO contract (org_id, id, number, external_reference, title, type, side, status, opportunity_id, account_id,
                      signed_date, effective_date, expiration_date, renewal_type, renewal_term, notice_period,
                      notice_window_days, governing_law, total_value_amount, total_value_currency,
                      base_value_amount, base_value_currency, billing_frequency, payment_terms, amendment_count,
                      risk_score, risk_level, version, updated_at)
SELECT org_id, id, 'C-' || lpad(n::text, 7, '0'), 'clm-' || md5('clm' || n),
       pg_temp.any_of('title', n, '{Master services agreement,Cloud subscription order,Statement of work,Support and maintenance,Data processing agreement}')
         || ' ' || n || ', account ' || k,
       pg_temp.any_of('title', n, '{MSA,ORDER_FORM,SOW,OTHER,DPA}'), 'CUSTOMER',
       pg_temp.any_of('status', n, '{ACTIVE,ACTIVE,ACTIVE,ACTIVE,ACTIVE,EXPIRING_SOON,EXECUTED,AMENDED,RENEWED,TERMINATED}'),
       pg_temp.made('opportunity', k),
       pg_temp.made('account', k % (current_setting('bench.contracts')::integer / 20) / 20 * 20 + o),
       expires - 370 * years, expires - 365 * years,
       CASE WHEN pg_temp.dice('open', n, 33) > 0 THEN expires END,
       pg_temp.any_of('renewal', n, '{AUTO_RENEW,AUTO_RENEW,OPTION_TO_RENEW,NONE,EVERGREEN}'),
       pg_temp.any_of('term', n, '{P12M,P1Y,P24M,P6M}'), pg_temp.any_of('notice', n, '{P30D,P60D,P90D,P3M}'),
       CASE WHEN pg_temp.dice('window', n, 4) = 0 THEN 60 END, 'England and Wales',
       CASE WHEN valued THEN amount END, CASE WHEN valued THEN currency END,
       CASE WHEN valued THEN amount END, CASE WHEN valued THEN currency END,
       'ANNUAL', 'P30D', amended, score,
       CASE WHEN score < 25 THEN 'LOW' WHEN score < 50 THEN 'MEDIUM' WHEN score < 75 THEN 'HIGH' ELSE 'CRITICAL' END,
       1, now() - make_interval(mins => pg_temp.dice('updated', n, 500000))
  FROM plan, LATERAL (SELECT (now() AT TIME ZONE 'UTC')::date + days AS expires,
                             1 + pg_temp.dice('years', n, 4) AS years,
                             pg_temp.dice('valued', n, 50) > 0 AS valued,
                             (10000 + pg_temp.dice('amount', n, 90000000))::numeric * 0.01 AS amount,
                             pg_temp.any_of('currency', n, '{USD,USD,EUR,GBP,CHF}') AS currency,
                             pg_temp.dice('risk', n, 101) AS score) AS drawn;

INSERT INTO contract_party (org_id, id, contract_id, legal_name, role, duns, country)
SELECT org_id, pg_temp.made('party', n * 10 + p), id,
       CASE p WHEN 0 THEN 'Organisation ' || o || ' International Holdings plc' ELSE 'Counterparty ' || k || '-' || p || ' GmbH & Co. KG' END,
       (ARRAY['VENDOR', 'CUSTOMER', 'GUARANTOR', 'PARTNER'])[1 + p], lpad((n * 10 + p)::text, 9, '0'),
       pg_temp.any_of('country', n * 10 + p, '{DE,GB,US,FR,CH}')
  FROM plan, generate_series(0, 1 + pg_temp.dice('parties', n, 3)) p;

INSERT INTO document (org_id, id, contract_id, type, title, link, sha256, version, signed_at, executed)
SELECT org_id, pg_temp.made('document', n * 10 + d), id, (ARRAY['AGREEMENT', 'EXHIBIT', 'ORDER'])[1 + d],
       (ARRAY['Signed agreement', 'Exhibit A: service description', 'Order form'])[1 + d] || ' ' || n,
       'https://clm.example.com/documents/' || md5('link' || n || '-' || d),
       md5('a' || n || '-' || d) || md5('b' || n || '-' || d), '1.' || d,
       (now() AT TIME ZONE 'UTC')::date - 400, pg_temp.dice('executed', n * 10 + d, 5) > 0
  FROM plan, generate_series(0, pg_temp.dice('documents', n, 3)) d;

INSERT INTO amendment (org_id, id, contract_id, number, kind, signed_date, effective_date, recorded_at, rationale,
                       value_change_amount, value_change_currency)
SELECT org_id, pg_temp.made('amendment', n * 20 + a), id, 'A' || a,
       pg_temp.any_of('kind', n * 20 + a, '{VALUE,TERM,SCOPE,RENEWAL,ADMINISTRATIVE}'), signed, signed, now(),
       'Extends the services to further sites and adjusts the fees, round ' || a || ' of the framework agreement',
       CASE WHEN pg_temp.dice('change', n * 20 + a, 3) > 0 THEN amount END,
       CASE WHEN pg_temp.dice('change', n * 20 + a, 3) > 0 THEN 'EUR' END
  FROM plan, generate_series(1, amended) a,
       LATERAL (SELECT (now() AT TIME ZONE 'UTC')::date - pg_temp.dice('signed', n * 20 + a, 1200) AS signed,
                       (pg_temp.dice('added', n * 20 + a, 9000000) - 1000000)::numeric * 0.01 AS amount) AS drawn;

INSERT INTO obligation (org_id, id, contract_id, kind, status, deliverable, due_date, source_clause)
SELECT org_id, pg_temp.made('obligation', n * 10 + b), id,
       pg_temp.any_of('owed', n * 10 + b, '{PAYMENT,DELIVERY,REPORTING,COMPLIANCE,INSURANCE,NOTICE}'),
       pg_temp.any_of('state', n * 10 + b, '{OPEN,OPEN,FULFILLED,OVERDUE}'),
       'Deliver the quarterly report on availability and security incidents, part ' || b,
       CASE WHEN pg_temp.dice('dated', n * 10 + b, 8) > 0
            THEN (now() AT TIME ZONE 'UTC')::date + pg_temp.dice('due', n * 10 + b, 700) - 200 END,
       'Section ' || b || '.2'
  FROM plan, generate_series(1, 2 + pg_temp.dice('obligations', n, 5)) b;

DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT * FROM laid_aside LOOP EXECUTE each.definition; END LOOP;
END $$;
