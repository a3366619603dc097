import { fieldLabel, fill, namesOf, owned, reasoned, source, word } from 'c/contractLabels';

describe('c/contractLabels', () => {
  it('fills what a label leaves open', () => {
    expect(fill('{0} of {1}', 3, 5)).toBe('3 of 5');
    expect(fill('{0} of {1}', 3)).toBe('3 of ');
  });

  it('names fields however they are written', () => {
    expect(fieldLabel('totalValue')).toBe('Total value');
    expect(fieldLabel('total_value')).toBe('Total value');
    expect(fieldLabel('somethingNew')).toBe('Something new');
  });

  it('says words of the API, newer ones in their own', () => {
    expect(word('PENDING_SIGNATURE')).toBe('In signature');
    expect(word('ON_THE_MOON')).toBe('On the moon');
    expect(word(null)).toBeNull();
  });

  it('knows every name that the history has for a field', () => {
    expect(namesOf('renewalOwner')).toEqual(['renewalOwner', 'renewal_owner', 'renewal_owner_id']);
  });

  it('says who owns a field, and of one that changes hands who does so now', () => {
    const inTurn = 'SALESFORCE_UNTIL_SIGNED';
    expect(owned('CLM', 'CLM')).toBe('The contract system owns it.');
    expect(owned(inTurn)).toBe('Salesforce owns it until it is signed, then the contract system.');
    expect(owned(inTurn, 'SALESFORCE')).toBe('Salesforce owns it until it is signed.');
    expect(owned(inTurn, 'CLM')).toBe('The contract system owns it once it is signed.');
  });

  it('reads reasons with labels and moments, and leaves what else they say', () => {
    const reason = 'said at 2026-05-12T10:00:00Z: Salesforce owns totalValue, not someThing';
    expect(reasoned(reason)).toMatch(
      /^said at May 12, 2026, .+: Salesforce owns Total value, not someThing$/
    );
    expect(reasoned(null)).toBeUndefined();
  });

  it('names systems, and leaves the names of others as they are', () => {
    expect(source('CLM')).toBe('Contract system');
    expect(source('Ingrid Æbelø')).toBe('Ingrid Æbelø');
  });
});
