import express from 'express';
import { createResourceServer, type Principal } from '@assay/core';
import { principalOf, protect } from '@assay/express';

const api = createResourceServer({ issuer: 'https://as.example', audience: 'https://api.example' });

export const app = express();
app.get('/orders', protect(api), async (req, res) => {
  const user = await findUser(principalOf(req));
  if (user === undefined) {
    res.status(403).json({ error: 'not_a_customer' });
    return;
  }
  res.json({ for: user.name });
});

// A subject means something only together with its issuer.
function findUser({ issuer, subject }: Principal): Promise<{ name: string } | undefined> {
  return Promise.resolve(users.get(JSON.stringify([issuer, subject])));
}
const users = new Map<string, { name: string }>();
