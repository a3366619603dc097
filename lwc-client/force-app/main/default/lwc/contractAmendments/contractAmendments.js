import { LightningElement, api } from 'lwc';
import { byLatest, formatDate, formatMoney, formatText, told } from 'c/contractFormat';
import { LABELS, fieldLabel, fill, word } from 'c/contractLabels';

const dated = (label, date) => date && fill(label, formatDate(date));

/** How the contract was changed: each amendment with what it changed, from what to what. */
export default class ContractAmendments extends LightningElement {
  /** Amendments of the graph. */
  @api items = [];
  /** An Access of c/contractAnswer. */
  @api access;

  get amendments() {
    return [...this.items].sort(byLatest('signedDate')).map((each) => ({
      id: each.id,
      title: fill(LABELS.amendmentTitle, each.number, word(each.kind)),
      dates: told(
        dated(LABELS.signedOn, each.signedDate),
        dated(LABELS.effectiveOn, each.effectiveDate)
      ),
      rationale: each.rationale,
      value: each.valueChange && this.signed(each.valueChange),
      changes: (each.changes?.nodes ?? []).map((change) => ({
        id: change.id,
        text: this.change(change)
      }))
    }));
  }

  signed({ amount, currency }) {
    const text = formatMoney({ amount, currency });
    const change = Number(amount) > 0 ? `+${text}` : text;
    const { state } = this.access.of('Amendment.valueChange', change);
    return fill(
      LABELS.valueChange,
      state === 'masked' ? fill(LABELS.approximately, change) : change
    );
  }

  // A change without values names a field that is hidden, or one that has none to compare.
  change({ field, before, after }) {
    const label = fieldLabel(field);
    if (before === null && after === null) {
      return fill(LABELS.fieldChanged, label);
    }
    const [from, to] = [before, after].map((text) => formatText(text ?? LABELS.empty));
    return fill(LABELS.fromTo, label, from, to);
  }
}
