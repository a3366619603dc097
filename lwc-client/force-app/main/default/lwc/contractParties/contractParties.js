import { LightningElement, api } from 'lwc';
import { told } from 'c/contractFormat';
import { LABELS, word } from 'c/contractLabels';

/** Who is bound by the contract, and whom to speak to. */
export default class ContractParties extends LightningElement {
  /** Parties of the graph. */
  @api items = [];
  /** An Access of c/contractAnswer. */
  @api access;

  labels = LABELS;

  get parties() {
    return this.items.map(({ id, role, legalName, country, primaryContact }) => {
      const email = primaryContact?.email;
      const { state, reason, mask } = this.access.of('Contact.email', email);
      return {
        id,
        legalName,
        about: told(word(role), country),
        contact: [primaryContact?.name, primaryContact?.title].filter(Boolean).join(', '),
        mailto: state === 'shown' ? `mailto:${email}` : undefined,
        email,
        emailNote: mask,
        isLocked: Boolean(primaryContact) && state === 'hidden',
        reason
      };
    });
  }
}
