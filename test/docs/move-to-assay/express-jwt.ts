import express from 'express';
import { principalOf, protect } from '@assay/express';

export const app = express();
app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});

app.use(
  protect({
    issuer: 'https://as.example',
    audience: 'https://api.example',
    keys: { jwksUri: 'https://as.example/jwks.json' }, // leave it out where the issuer has metadata
    algorithms: ['RS256'],
  }),
);

app.get('/orders', (req, res) => {
  res.json({ for: principalOf(req).subject });
});
