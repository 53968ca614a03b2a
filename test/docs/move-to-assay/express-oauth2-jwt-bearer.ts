import express from 'express';
import { principalOf, protect, requireClaim, requireScope } from '@assay/express';

export const app = express();
app.use(
  protect({
    issuer: 'https://tenant.eu.auth0.com/',
    audience: 'https://api.example',
    compatibility: 'auth0', // leave it out where the API's token profile is RFC 9068
  }),
);

app.get('/orders', requireScope('orders:read', 'orders:list'), (req, res) => {
  res.json({ for: principalOf(req).subject });
});
app.get('/admin', requireClaim('org_id', 'org_123'), (req, res) => {
  res.json({ permissions: principalOf(req).claims['permissions'] });
});
