import { LightningElement, api } from 'lwc';
import { formatDate, formatNumber } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const THEMES = {
  ON_TRACK: 'slds-theme_success',
  AT_RISK: 'slds-theme_warning',
  BREACHED: 'slds-theme_error'
};
const ORDER = ['BREACHED', 'AT_RISK', 'ON_TRACK'];
const worstFirst = (one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state);
const latestFirst = (one, other) => ((one.periodEnd ?? '') < (other.periodEnd ?? '') ? 1 : -1);
const known = (value) => value !== null && value !== undefined;
const amount = (value, unit) => [formatNumber(value), unit].filter(Boolean).join(' ');

/** What level of service was promised, and what was measured last. */
export default class ContractServiceLevels extends LightningElement {
  /** Service levels of the graph. */
  @api items = [];

  get levels() {
    return [...this.items].sort(worstFirst).map((each) => ({
      id: each.id,
      metric: each.metric,
      state: word(each.state),
      badge: `slds-badge ${THEMES[each.state] ?? ''}`,
      about: [
        known(each.target) && fill(LABELS.target, amount(each.target, each.unit)),
        this.measured(each)
      ]
        .filter(Boolean)
        .join(' · ')
    }));
  }

  measured({ unit, measurements }) {
    const last = [...(measurements?.nodes ?? [])].sort(latestFirst)[0];
    return last?.periodEnd && known(last.value)
      ? fill(LABELS.measured, amount(last.value, unit), formatDate(last.periodEnd))
      : LABELS.notMeasured;
  }
}
