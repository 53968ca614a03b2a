/** Prints the demo for people: a numbered line for each step, details below it. */
import { styleText } from 'node:util';

/** A printer on a stream; colours only on a terminal. */
export function createPrinter(stream) {
  const coloured = stream.isTTY === true && process.env.NO_COLOR === undefined;
  const style = (format, text) => (coloured ? styleText(format, text) : text);
  const print = (text = '') => stream.write(`${text}\n`);
  let number = 0;

  return {
    title(text) {
      print(`\n${style('bold', text)}\n`);
    },
    step(title, { ok, lines }) {
      number += 1;
      const mark = ok ? style('green', '✓') : style('red', '✗');
      print(`${String(number).padStart(2)} ${mark} ${style('bold', title)}`);
      for (const line of lines.flatMap((text) => text.split('\n'))) print(`     ${style('dim', line)}`);
    },
    summary(failed) {
      print();
      if (failed === 0) print(style('green', `All ${number} steps went as they should.`));
      else print(style('red', `${failed} of ${number} steps did not go as they should.`));
    },
    addresses({ authorizationServer, orders, reports }) {
      print('\nStill serving; press Ctrl+C to stop. Open:');
      print(
        `  ${authorizationServer}/.well-known/oauth-authorization-server   what the authorization server offers`,
      );
      print(`  ${orders}/health   the orders API (NestJS); /orders asks for a token`);
      print(`  ${reports}/health   the reports API (Express); /reports asks for a token`);
      print('\nOr run the client once more: npm start -w examples/jwt-bearer-client');
    },
  };
}
