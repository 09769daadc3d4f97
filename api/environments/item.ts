/** What an import found, before it is decided what becomes of it. */
import type { SourcePosition } from '#schema/errors';

export interface ImportItem {
  key: string;
  value: Buffer;
  /** It was a secret where it comes from. */
  secret: boolean;
  /** It is bytes where it comes from, whatever they look like. */
  binary: boolean;
  /** Object that it comes from, such as `configmap/payment`; absent for .env files. */
  object?: string;
  position: SourcePosition;
}

export interface Found {
  items: ImportItem[];
  notes: string[];
}
