/** How much a container can be given; all in bytes. */

/** Longest value of a variable: Linux takes 128 KiB with its name. */
export const MAX_VALUE_BYTES = 120 * 1024;
/** Longest `NAME=value` with its end, which is Linux's own limit (MAX_ARG_STRLEN). */
export const MAX_ENTRY_BYTES = 128 * 1024;
/** Largest file of an environment. */
export const MAX_FILE_BYTES = 1024 * 1024;
/**
 * All variables of a container together: Linux takes 2 MiB for arguments and variables (a quarter of the stack), of
 * which this leaves something to the image's own.
 */
export const MAX_VARIABLES_BYTES = 2 * 1024 * 1024 - 128 * 1024;

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export const bytesOf = (text: string): number => encoder.encode(text).length;

/** What a variable takes of MAX_VARIABLES_BYTES: its entry and the pointer to it. */
export const entryBytes = (name: string, value: string): number => bytesOf(name) + bytesOf(value) + 2 + 8;
