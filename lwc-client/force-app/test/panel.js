// What the API answers, as far as tests need it; each test changes what it is about.
export const RECORD = '006xxNL00000001ADA';

const list = (...nodes) => ({ totalCount: nodes.length, nodes });
export const money = (amount, currency = 'EUR') => ({ amount, currency });

export const contract = (changes = {}) => ({
  id: 'c1',
  number: 'OF-1',
  title: 'Order Form 1',
  status: 'ACTIVE',
  type: 'ORDER_FORM',
  effectiveDate: '2026-01-31',
  expirationDate: '2029-01-30',
  daysToExpiration: 800,
  renewalType: 'AUTO_RENEW',
  renewalTerm: 'P1Y',
  renewalDate: '2029-01-30',
  noticeDeadline: '2028-10-30',
  inNoticeWindow: false,
  totalValue: money('569320.00'),
  arr: money('100.50'),
  discountPercent: '12.5',
  billingFrequency: 'ANNUAL',
  contractOwner: { name: 'Maren' },
  riskScore: 42,
  riskLevel: 'MEDIUM',
  riskAssessments: {
    nodes: [
      { assessedAt: '2026-01-01T00:00:00Z', factors: { nodes: [] } },
      {
        assessedAt: '2026-11-27T00:00:00Z',
        factors: {
          nodes: [
            { id: 'f1', name: 'redlines', weight: 10, points: null, reason: null },
            { id: 'f2', name: 'breach', weight: 20, points: 10, reason: 'one breach' }
          ]
        }
      }
    ]
  },
  parties: list({
    id: 'p1',
    role: 'CUSTOMER',
    legalName: 'Brightwater',
    country: 'United Kingdom',
    primaryContact: { name: 'Hazel', title: 'Buyer', email: 'hazel@brightwater.example' }
  }),
  documents: list({
    id: 'd1',
    title: 'Order Form 1',
    type: 'ORDER',
    version: '1.0',
    link: 'https://clm.example/d1',
    sha256: 'a'.repeat(64),
    signedAt: '2026-01-02',
    executed: true
  }),
  amendments: list(),
  obligations: list(),
  serviceLevels: list(),
  lines: list(),
  updatedAt: '2026-11-27T05:25:12Z',
  ...changes
});

export const denial = (field, records = 'all') => ({
  field,
  records,
  rule: 'sales_rep.LEGAL = deny',
  reason: `${field} is for LEGAL`
});

export const answer = (contracts, access = {}) =>
  JSON.stringify({
    data: { opportunity: { name: 'Deal', contracts: list(...contracts) } },
    extensions: { access }
  });

export const failure = (kind, message, requestId = 'r-1') => ({
  body: { message: JSON.stringify({ kind, message, requestId }) }
});

export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
