import { createElement } from 'lwc';
import ContractRenewal from 'c/contractRenewal';
import { Access } from 'c/contractAnswer';
import { contract, denial } from '../../../../../test/panel';

const TODAY = new Date(2026, 10, 27, 12);

function show(changes, access = new Access()) {
  const element = createElement('c-contract-renewal', { is: ContractRenewal });
  Object.assign(element, { contract: contract(changes), access });
  document.body.appendChild(element);
  return element;
}
const box = (element) => element.shadowRoot.querySelector('.renewal');

describe('c-contract-renewal', () => {
  beforeEach(() => jest.useFakeTimers({ now: TODAY, doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('says by when to speak, and what happens otherwise', () => {
    const element = show();
    expect(box(element).textContent).toContain('Last day to give notice: Oct 30, 2028');
    expect(box(element).textContent).toContain('Renews automatically on Jan 30, 2029 for 1 year');
    expect(box(element).classList).toContain('calm');
  });

  it.each([
    ['2026-12-01', 'urgent', 'in 4 days'],
    ['2027-01-27', 'soon', 'in 61 days']
  ])('counts the days to %s in the notice window', (noticeDeadline, tone, days) => {
    const element = show({ inNoticeWindow: true, noticeDeadline });
    expect(box(element).classList).toContain(tone);
    expect(box(element).textContent).toContain(days);
  });

  it('says that today is the last day', () => {
    const element = show({ inNoticeWindow: true, noticeDeadline: '2026-11-27' });
    expect(box(element).textContent).toContain('Today is the last day to give notice');
  });

  it('says that the deadline has passed', () => {
    const element = show({ noticeDeadline: '2026-11-01', renewalTerm: null });
    expect(box(element).textContent).toContain('Notice deadline passed on Nov 1, 2026');
    expect(box(element).textContent).toContain('Renews automatically on Jan 30, 2029');
  });

  it.each([
    [{ expirationDate: '2027-07-10', daysToExpiration: 200 }, 'Ends on Jul 10, 2027'],
    [{ expirationDate: '2026-07-10', daysToExpiration: -140 }, 'Ended on Jul 10, 2026'],
    [{ expirationDate: null }, 'No end date']
  ])('says when a contract without renewal ends: %j', (changes, told) => {
    const element = show({
      renewalType: 'NONE',
      renewalDate: null,
      noticeDeadline: null,
      ...changes
    });
    expect(box(element).textContent).toContain('No notice deadline');
    expect(box(element).textContent).toContain(told);
  });

  it('says that dates are hidden, and why', () => {
    const access = new Access({ denied: [denial('Contract.noticeDeadline')] });
    const element = show({ noticeDeadline: null }, access);
    expect(box(element).textContent).toContain('Dates are not shown to your role');
    expect(box(element).textContent).toContain('Contract.noticeDeadline is for LEGAL');
  });

  it('is accessible', async () => {
    jest.useRealTimers();
    const element = show({ inNoticeWindow: true, noticeDeadline: '2026-12-01' });
    await expect(element).toBeAccessible();
  });
});
