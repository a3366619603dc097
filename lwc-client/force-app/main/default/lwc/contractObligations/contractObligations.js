import { LightningElement, api } from 'lwc';
import { formatDate } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const THEMES = { OVERDUE: 'slds-theme_error', FULFILLED: 'slds-theme_success' };
const LAST = '9999-12-31';
const rank = ({ status, dueDate }) =>
  `${['FULFILLED', 'WAIVED'].includes(status) ? 1 : 0}${dueDate ?? LAST}`;
const soonestFirst = (one, other) => (rank(one) < rank(other) ? -1 : 1);

/** Who owes what, by when. */
export default class ContractObligations extends LightningElement {
  /** Obligations of the graph. */
  @api items = [];

  get obligations() {
    return [...this.items].sort(soonestFirst).map((each) => ({
      id: each.id,
      title: each.deliverable ?? word(each.kind),
      status: word(each.status),
      badge: `slds-badge ${THEMES[each.status] ?? 'slds-badge_lightest'}`,
      about: [
        word(each.kind),
        each.dueDate ? fill(LABELS.due, formatDate(each.dueDate)) : LABELS.noDue,
        each.responsibleParty && fill(LABELS.owedBy, each.responsibleParty.legalName)
      ]
        .filter(Boolean)
        .join(' · ')
    }));
  }
}
