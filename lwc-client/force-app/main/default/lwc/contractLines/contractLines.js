import { LightningElement, api } from 'lwc';
import { formatDate, formatMoney, formatNumber } from 'c/contractFormat';
import { LABELS, fill } from 'c/contractLabels';

const byStart = (one, other) => ((one.startDate ?? '') < (other.startDate ?? '') ? -1 : 1);

/** What is sold under the contract, at what price and for which dates. */
export default class ContractLines extends LightningElement {
  /** Lines of the graph. */
  @api items = [];

  get lines() {
    return [...this.items].sort(byStart).map((each) => ({
      id: each.id,
      title: each.description ?? each.product?.name ?? LABELS.empty,
      total: each.total ? formatMoney(each.total) : LABELS.empty,
      about: [this.price(each), this.dates(each), this.kind(each)].filter(Boolean).join(' · ')
    }));
  }

  price({ quantity, unitPrice, total }) {
    if (!quantity || !unitPrice) {
      return undefined;
    }
    const price = total
      ? formatMoney({ amount: unitPrice, currency: total.currency })
      : formatNumber(unitPrice);
    return fill(LABELS.quantityPrice, formatNumber(quantity), price);
  }

  dates({ startDate, endDate }) {
    if (!startDate) {
      return undefined;
    }
    return endDate
      ? fill(LABELS.dateRange, formatDate(startDate), formatDate(endDate))
      : fill(LABELS.from, formatDate(startDate));
  }

  kind({ recurring }) {
    if (recurring === null || recurring === undefined) {
      return undefined;
    }
    return recurring ? LABELS.recurring : LABELS.oneTime;
  }
}
