/**
 * What a name must be to be that of a port of a container (Kubernetes' IsValidPortName: RFC 6335); undefined if it is
 * one.
 */
export function portNameProblem(name: string): string | undefined {
  if (name.length < 1 || name.length > 15) return 'has 1 to 15 characters';
  if (!/^[-a-z0-9]+$/.test(name)) return "consists of lower case letters, digits and '-'";
  if (!/[a-z]/.test(name)) return 'has at least one letter';
  if (name.includes('--')) return "has no two '-' in a row";
  if (name.startsWith('-') || name.endsWith('-')) return "has no '-' at either end";
  return undefined;
}
