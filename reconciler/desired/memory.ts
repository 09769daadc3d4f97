const UNITS: Record<string, number> = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

/** Bytes of a size such as `256Mi`; undefined for anything else. */
export function memoryBytes(size: string): number | undefined {
  const match = /^([1-9][0-9]*)(Ki|Mi|Gi)$/.exec(size);
  const unit = UNITS[match?.[2] ?? ''];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}
