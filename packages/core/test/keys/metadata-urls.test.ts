import { describe, expect, it } from '@jest/globals';
import { metadataUrls } from '../../src/keys/metadata-urls.js';

describe('metadataUrls', () => {
  it('are two for an issuer without a path', () => {
    for (const issuer of ['https://as.example', 'https://as.example/']) {
      expect(metadataUrls(issuer)).toEqual({
        oauth: 'https://as.example/.well-known/oauth-authorization-server',
        openid: ['https://as.example/.well-known/openid-configuration'],
      });
    }
  });

  it('are three for an issuer with a path, whose final slash is dropped', () => {
    for (const issuer of ['https://as.example:8443/a/b', 'https://as.example:8443/a/b/']) {
      expect(metadataUrls(issuer)).toEqual({
        oauth: 'https://as.example:8443/.well-known/oauth-authorization-server/a/b',
        openid: [
          'https://as.example:8443/.well-known/openid-configuration/a/b',
          'https://as.example:8443/a/b/.well-known/openid-configuration',
        ],
      });
    }
  });
});
