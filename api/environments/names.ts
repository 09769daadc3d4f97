/** A key as it may be shown: bounded. */
export const explainName = (key: string): string => `"${key.length > 60 ? `${key.slice(0, 57)}...` : key}"`;

export const isVariableName = (key: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(key);
