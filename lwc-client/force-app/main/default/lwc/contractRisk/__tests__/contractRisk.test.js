import { createElement } from 'lwc';
import ContractRisk from 'c/contractRisk';
import { Access } from 'c/contractAnswer';
import { contract, denial, settled } from '../../../../../test/panel';

function show(changes, access = new Access()) {
  const element = createElement('c-contract-risk', { is: ContractRisk });
  Object.assign(element, { contract: contract(changes), access });
  document.body.appendChild(element);
  return element;
}
const badge = (element) => element.shadowRoot.querySelector('button');

async function reasons(element) {
  badge(element).click();
  await settled();
  return element.shadowRoot.querySelector('.reasons').textContent;
}

describe('c-contract-risk', () => {
  it.each([
    ['LOW', 'slds-theme_success'],
    ['MEDIUM', 'slds-theme_warning'],
    ['CRITICAL', 'slds-theme_error']
  ])('says %s in a word and a colour', (riskLevel, theme) => {
    const element = show({ riskLevel });
    expect(badge(element).textContent).toMatch(/risk$/);
    expect(badge(element).classList).toContain(theme);
  });

  it('tells its reasons on a click, the heaviest of the latest assessment first', async () => {
    const element = show();
    expect(element.shadowRoot.querySelector('.reasons')).toBeNull();
    const told = await reasons(element);
    expect(told).toContain('Score 42 of 100, assessed Nov 27, 2026');
    expect(told).toMatch(/one breach\s*10 of 20 points\s*redlines\s*not known/);
    expect(badge(element).getAttribute('aria-expanded')).toBe('true');
    await expect(element).toBeAccessible();
  });

  it('says that nothing was assessed', async () => {
    const element = show({ riskLevel: null, riskScore: null, riskAssessments: null });
    expect(badge(element).textContent).toContain('Risk not assessed');
    expect(await reasons(element)).toContain('Risk not assessed');
  });

  it('says why it is hidden', async () => {
    const access = new Access({ denied: [denial('Contract.riskLevel')] });
    const element = show({ riskLevel: null, riskScore: null, riskAssessments: null }, access);
    expect(badge(element).textContent).toContain('Risk restricted');
    expect(await reasons(element)).toContain('Contract.riskLevel is for LEGAL');
    await expect(element).toBeAccessible();
  });
});
