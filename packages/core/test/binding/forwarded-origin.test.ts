import { describe, expect, it } from '@jest/globals';
import { forwardedOrigin } from '../../src/binding/forwarded-origin.js';
import { requestViewOf } from '../../src/request-view.js';

/** What header lines, each with its name, say of the origin; from a trusted proxy unless told otherwise. */
function originFrom(lines: readonly (readonly [name: string, value: string])[], isTrusted = true) {
  return forwardedOrigin(requestViewOf({ rawHeaders: lines.flat(), headers: {} }), () => isTrusted);
}

const proto = (value: string) => ['X-Forwarded-Proto', value] as const;
const host = (value: string) => ['X-Forwarded-Host', value] as const;
const forwarded = (value: string) => ['Forwarded', value] as const;

describe('forwardedOrigin', () => {
  const headers = [proto('https'), host('api.example'), forwarded('proto=https;host=api.example')];

  it('believes nobody who is not trusted', () => {
    expect(originFrom(headers, false)).toBeUndefined();
    expect(originFrom(headers)).toBe('https://api.example');
  });

  it('is not known where nobody speaks', () => {
    expect(originFrom([])).toBeUndefined();
    expect(originFrom([['Host', 'api.example']])).toBeUndefined();
    expect(originFrom([['X-Forwarded-For', '192.0.2.1']])).toBeUndefined();
  });

  describe('X-Forwarded-Proto and X-Forwarded-Host', () => {
    it.each([
      ['https', 'api.example', 'https://api.example'],
      ['http', 'api.example', 'http://api.example'],
      ['HTTPS', 'API.Example', 'https://api.example'],
      [' https ', ' api.example ', 'https://api.example'],
      ['https', 'api.example:8443', 'https://api.example:8443'],
      ['https', 'api.example:443', 'https://api.example'],
      ['https', 'my-api', 'https://my-api'],
      ['https', 'a', 'https://a'],
      ['https', '192.0.2.1:8443', 'https://192.0.2.1:8443'],
      ['https', '[2001:db8::1]', 'https://[2001:db8::1]'],
      ['https', '[2001:db8::1]:8443', 'https://[2001:db8::1]:8443'],
    ])('%j and %j: %s', (protoValue, hostValue, origin) => {
      expect(originFrom([proto(protoValue), host(hostValue)])).toBe(origin);
    });

    it.each([
      ['https', ''],
      ['', 'api.example'],
      ['wss', 'api.example'],
      ['ftp', 'api.example'],
      ['https:', 'api.example'],
      ['https,http', 'api.example'],
      ['https', 'api.example, other.example'],
      ['https', 'api.example,'],
      ['https', 'api.example/x'],
      ['https', 'other.example/@api.example'],
      ['https', 'user@api.example'],
      ['https', 'user:password@api.example'],
      ['https', 'api.example?x'],
      ['https', 'api.example#x'],
      ['https', 'api.example\\x'],
      ['https', 'api.example x'],
      ['https', 'api%2eexample'],
      ['https', 'https://api.example'],
      ['https', 'api.example:'],
      ['https', 'api.example:x'],
      ['https', 'api.example:65536'],
      ['https', 'api.example:443:443'],
      ['https', '2001:db8::1'],
      ['https', '[2001:db8::1'],
      ['https', '[::g]'],
      ['https', '[1:2]'],
      ['https', '.api.example'],
      ['https', '-api.example'],
      ['https', '"api.example"'],
      ['https', 'api.éxample'],
    ])('are not clear as %j and %j', (protoValue, hostValue) => {
      expect(originFrom([proto(protoValue), host(hostValue)])).toBeUndefined();
    });

    it('are not clear alone', () => {
      expect(originFrom([proto('https')])).toBeUndefined();
      expect(originFrom([host('api.example')])).toBeUndefined();
    });

    it('are not clear in several lines, even where those agree', () => {
      expect(originFrom([proto('https'), proto('https'), host('api.example')])).toBeUndefined();
      expect(originFrom([proto('https'), host('api.example'), host('api.example')])).toBeUndefined();
      expect(originFrom([proto('https'), host('a.example'), host('b.example')])).toBeUndefined();
    });
  });

  describe('Forwarded', () => {
    it.each([
      ['proto=https;host=api.example', 'https://api.example'],
      ['host=api.example;proto=https', 'https://api.example'],
      ['Host=API.Example;Proto=HTTPS', 'https://api.example'],
      ['for=192.0.2.1;by=10.0.0.5;proto=https;host=api.example', 'https://api.example'],
      ['for="[2001:db8::1]:4711";proto=https;host="api.example:8443"', 'https://api.example:8443'],
      ['proto=https;host=api.example:8443', 'https://api.example:8443'],
      ['proto="https";host="[2001:db8::1]"', 'https://[2001:db8::1]'],
      [' proto=https ; host=api.example ', 'https://api.example'],
      [';proto=https;;host=api.example;', 'https://api.example'],
      ['proto=https;host=api.example;x-key_1=secret', 'https://api.example'],
    ])('%s: %s', (value, origin) => {
      expect(originFrom([forwarded(value)])).toBe(origin);
    });

    it.each([
      'proto=https',
      'host=api.example',
      'proto=https;host=',
      'proto=;host=api.example',
      'proto=https;host',
      'proto=https;proto=https;host=api.example',
      'proto=https;host=a.example;host=b.example',
      'proto=https;host=api.example, proto=https;host=api.example',
      'proto=https;host=api.example,',
      'for=192.0.2.1, proto=https;host=api.example',
      'for="a,b";proto=https;host=api.example',
      'for="a;b";proto=https;host=api.example',
      'for="a\\"b";proto=https;host=api.example',
      'proto=https;host="api.example',
      'proto=https;host=api.example"',
      'proto=https;host="api.example"x',
      'proto=https;host=api.example x',
      'proto = https;host=api.example x',
      'proto=https;host=api.example/x',
      'proto=wss;host=api.example',
      'proto=https;=x;host=api.example',
      'nonsense',
    ])('is not clear as %s', (value) => {
      expect(originFrom([forwarded(value)])).toBeUndefined();
    });

    it('is not clear in several lines, even where those agree', () => {
      const line = forwarded('proto=https;host=api.example');
      expect(originFrom([line, line])).toBeUndefined();
    });

    it('says nothing of the origin where it names the peers alone', () => {
      expect(originFrom([forwarded('for=192.0.2.1')])).toBeUndefined();
      expect(originFrom([forwarded('for=192.0.2.1'), proto('https'), host('api.example')])).toBe(
        'https://api.example',
      );
    });
  });

  describe('both kinds, of which a proxy may know one and hand on the other', () => {
    const mine = [proto('https'), host('api.example')] as const;

    it.each(['proto=https;host=api.example', 'proto=HTTPS;host="API.EXAMPLE:443"'])(
      'count where they agree: %s',
      (value) => {
        expect(originFrom([...mine, forwarded(value)])).toBe('https://api.example');
      },
    );

    it.each([
      'proto=https;host=other.example',
      'proto=http;host=api.example',
      'proto=https;host="api.example:8443"',
      'proto=https',
      'host=api.example',
      'proto=https;host=api.example, for=192.0.2.1',
      'nonsense',
    ])('are not clear where Forwarded says %j', (value) => {
      expect(originFrom([...mine, forwarded(value)])).toBeUndefined();
    });

    it('count where Forwarded is empty', () => {
      expect(originFrom([...mine, forwarded('')])).toBe('https://api.example');
    });

    it('are not clear where X-Forwarded-* is half there', () => {
      const line = forwarded('proto=https;host=other.example');
      expect(originFrom([proto('https'), line])).toBeUndefined();
      expect(originFrom([host('other.example'), line])).toBeUndefined();
    });
  });
});
