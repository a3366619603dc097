import { fieldLabel, fill, source, word } from 'c/contractLabels';

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

  it('names systems, and leaves the names of others as they are', () => {
    expect(source('CLM')).toBe('Contract system');
    expect(source('Ingrid Æbelø')).toBe('Ingrid Æbelø');
  });
});
