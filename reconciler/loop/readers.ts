/** Which sandboxes a changed document concerns. */
import type { Change } from '#specs/store';

export class Readers {
  /** What each sandbox read in its newest pass: `Kind/slug`. */
  readonly #read = new Map<string, ReadonlySet<string>>();

  note(uid: string, keys: ReadonlySet<string>): void {
    this.#read.set(uid, keys);
  }

  forget(uid: string): void {
    this.#read.delete(uid);
  }

  of(change: Pick<Change, 'kind' | 'slug' | 'uid'>): string[] {
    switch (change.kind) {
      case 'Service':
        return [...this.#read.keys()];
      case 'Sandbox':
        return [...new Set([change.uid, ...this.#reading(change)])];
      case 'Environment':
      case 'Route':
        return this.#reading(change);
      case 'Template':
      case 'Snapshot':
        return [];
    }
  }

  #reading({ kind, slug }: Pick<Change, 'kind' | 'slug'>): string[] {
    return [...this.#read].filter(([, keys]) => keys.has(`${kind}/${slug}`)).map(([uid]) => uid);
  }
}
