import { LightningElement, api } from 'lwc';
import { LABELS, fill } from 'c/contractLabels';

/** A titled part of the panel that opens and closes; says why where the policy hides the whole part. */
export default class ContractSection extends LightningElement {
  /** Title, as the user reads it. */
  @api label;
  /** A connection of the graph: { totalCount, nodes }, or null. */
  @api list;
  /** What the policy says of the list: { state, reason, rule }. */
  @api access = { state: 'shown' };
  /** Whether it starts open. */
  @api open = false;

  toggled = false;
  labels = LABELS;

  get isOpen() {
    return this.open !== this.toggled;
  }
  get icon() {
    return this.isOpen ? 'utility:chevrondown' : 'utility:chevronright';
  }
  get isHidden() {
    return !this.list && this.access.state !== 'empty';
  }
  get isEmpty() {
    return !this.isHidden && !this.list?.nodes.length;
  }
  get title() {
    return this.isHidden
      ? this.label
      : fill(LABELS.sectionTitle, this.label, this.list?.totalCount ?? 0);
  }
  get partial() {
    const { totalCount, nodes } = this.list ?? {};
    return totalCount > nodes?.length && fill(LABELS.partial, nodes.length, totalCount);
  }

  handleToggle() {
    this.toggled = !this.toggled;
  }
}
