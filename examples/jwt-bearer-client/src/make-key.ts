import { clientKey } from './key-pair.js';

/** Makes the client's key pair, if there is none, and says where the public half is. */
const { kid } = await clientKey();
console.log(`key ${String(kid)}: the public half is in keys/jwks.json`);
