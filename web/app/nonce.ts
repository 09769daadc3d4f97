/** Nonce of this answer's scripts; empty in the browser, which hides it from scripts anyway. */
import { createContext } from 'react';

export const NonceContext = createContext<string | undefined>(undefined);
