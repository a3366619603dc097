import { LightningElement, api } from 'lwc';
import { daysUntil, formatDate, formatFromNow, formatPeriod } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const SOON = 14;

/** By when somebody must speak, and what happens if nobody does. The slot `actions` takes what a rep may do. */
export default class ContractRenewal extends LightningElement {
  /** A contract of the graph. */
  @api contract;
  /** An Access of c/contractAnswer. */
  @api access;

  get days() {
    const { noticeDeadline } = this.contract;
    return noticeDeadline ? daysUntil(noticeDeadline) : undefined;
  }
  get isPressing() {
    return this.contract.inNoticeWindow && this.days >= 0;
  }
  get decision() {
    return this.access.of('Contract.noticeDeadline', this.contract.noticeDeadline);
  }
  get isHidden() {
    return this.decision.state === 'hidden';
  }
  get boxClass() {
    const tone = this.isPressing ? (this.days <= SOON ? 'urgent' : 'soon') : 'calm';
    return `slds-box slds-box_x-small renewal ${tone}`;
  }
  get icon() {
    const icon = this.isPressing ? 'utility:alert' : 'utility:date_input';
    return this.isHidden ? 'utility:lock' : icon;
  }
  get headline() {
    if (this.isHidden) {
      return LABELS.scheduleHidden;
    }
    if (this.days === undefined) {
      return LABELS.noticeNone;
    }
    const date = formatDate(this.contract.noticeDeadline);
    if (this.days === 0) {
      return LABELS.noticeToday;
    }
    return fill(this.days < 0 ? LABELS.noticePassed : LABELS.noticeUntil, date);
  }
  get countdown() {
    return this.days > 0 && formatFromNow(this.days);
  }
  get consequence() {
    const { renewalType, renewalDate, renewalTerm, expirationDate } = this.contract;
    if (this.isHidden) {
      return this.decision.reason;
    }
    if (renewalDate && renewalType !== 'NONE') {
      const label = renewalTerm ? LABELS.renewsFor : LABELS.renewsOn;
      const term = renewalTerm && formatPeriod(renewalTerm);
      return fill(label, word(renewalType), formatDate(renewalDate), term);
    }
    if (!expirationDate) {
      return LABELS.noEnd;
    }
    const ended = this.contract.daysToExpiration < 0;
    return fill(ended ? LABELS.endedOn : LABELS.endsOn, formatDate(expirationDate));
  }
}
