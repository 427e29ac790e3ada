/**
 * The error that follows, on a kind with CEL rules, when errors of another sort have kept the rules from
 * being evaluated. To the letter what kube-apiserver says; used by examples.
 */
export const rulesNotChecked =
  '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; ' +
  'correct the existing errors to complete validation';
