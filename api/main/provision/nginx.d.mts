/** Where programs of packages that are not installed are kept. `clone` is the folder of package.json. */
export function packagesFolder(clone: string): string;
/** Answers why nginx cannot be had, if so. */
export function provideNginx(clone: string): Promise<string | undefined>;
