import { beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer } from '@assay/core';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { expectSetupError } from '../support/setup-problem.js';

describe('the options of certificates and proxies', () => {
  let builder: TokenBuilder;
  beforeAll(async () => {
    builder = await createTokenBuilder();
  });

  const making = (options: object) => () => {
    const { issuer, audience, jwks: keys } = builder;
    return createResourceServer({ issuer, audience, keys, ...options });
  };
  const trustedProxies = ['10.0.0.5'];

  it.each([
    { clientCertificate: { header: 'Client-Cert' } },
    { clientCertificate: { header: 'X-Forwarded-Tls-Client-Cert', encoding: 'base64-der' } },
    { clientCertificate: { header: 'ssl_client_cert', encoding: 'url-encoded-pem' } },
    { clientCertificate: { header: 'client-cert', encoding: 'rfc9440' } },
    { clientCertificate: undefined },
  ])('take %j', (options) => {
    expect(making({ ...options, trustedProxies })).not.toThrow();
  });

  it.each([
    [undefined, 'clientCertificate.header'],
    ['', 'clientCertificate.header'],
    ['Client Cert', 'clientCertificate.header'],
    ['Client-Cert:', 'clientCertificate.header'],
    ['Client-Cert\r\nX: y', 'clientCertificate.header'],
    [['Client-Cert'], 'clientCertificate.header'],
    [1, 'clientCertificate.header'],
  ])('refuse the header %j', async (header, option) => {
    await expectSetupError(making({ clientCertificate: { header }, trustedProxies }), {
      option,
      problem: 'it is not the name of a header',
      remedy: 'Client-Cert',
    });
  });

  it.each(['pem', 'RFC9440', '', 'toString', null, 1, ['rfc9440']])(
    'refuse the encoding %j',
    async (encoding) => {
      const clientCertificate = { header: 'Client-Cert', encoding };
      await expectSetupError(making({ clientCertificate, trustedProxies }), {
        option: 'clientCertificate.encoding',
        problem: 'there is no such value',
        remedy: 'rfc9440, url-encoded-pem, base64-der',
      });
    },
  );

  it('refuse an option that is misspelt', async () => {
    const clientCertificate = { header: 'Client-Cert', encodng: 'base64-der' };
    await expectSetupError(making({ clientCertificate, trustedProxies }), {
      option: 'clientCertificate.encodng',
      problem: 'there is no such option',
      remedy: 'encoding',
    });
  });

  it.each(['Client-Cert', true, null, 1])('refuse %j for an object', async (clientCertificate) => {
    await expectSetupError(making({ clientCertificate, trustedProxies }), {
      option: 'clientCertificate',
      problem: 'it is not an object',
      remedy: 'header',
    });
  });

  it.each([{}, { trustedProxies: [] }, { trustedProxies: undefined }])(
    'refuse a header that nobody is trusted to set: %j',
    async (options) => {
      await expectSetupError(making({ clientCertificate: { header: 'Client-Cert' }, ...options }), {
        option: 'clientCertificate',
        problem: 'no proxy is trusted, so that nobody may set the header',
        remedy: 'trustedProxies',
      });
    },
  );

  it.each(['10.0.0.5', ['proxy.internal'], ['0.0.0.0/0'], null])(
    'refuse %j for a list of proxies',
    async (given) => {
      await expectSetupError(making({ trustedProxies: given }), {
        option: 'trustedProxies',
        problem: '',
        remedy: 'List the addresses of your proxies',
      });
    },
  );
});
