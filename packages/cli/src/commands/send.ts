import { type Command, Option } from '@commander-js/extra-typings';
import { positive, whole } from '../options.ts';
import { providerArgument, providerOf, signatureOption } from '../providers.ts';
import { fast } from '../send/options.ts';
import { listSamples, send } from '../send/send.ts';
import { jsonOption, type Shell } from '../shell.ts';

/** Adds `send`. */
export function addSend(program: Command, shell: Shell): void {
  program
    .command('send')
    .summary('send what a provider would send')
    .description(
      'Send signed deliveries to your app, with the headers, the body and the retries of the real provider: samples of its events, data of your own, or a file byte for byte.',
    )
    .addArgument(providerArgument())
    .argument('[type]', 'type of the event; without it a sample of every type')
    .optionsGroup('What to send, and where:')
    .option('--url <url>', 'where to send; HOOKPROOF_URL, or http://localhost:3000/webhooks/<provider>')
    .option('--secret <secret>', 'the secret to sign with: better in HOOKPROOF_SECRET')
    .option('--secret-file <path>', 'a file with the secret; - for standard input')
    .option('--data <json>', "the event's data, put into the provider's envelope")
    .option('--file <path>', 'the whole body, sent byte for byte; - for standard input')
    .option('--list', 'list the types of which there are samples, and send nothing')
    .addOption(signatureOption())
    .optionsGroup('How:')
    .option('-n, --count <n>', 'how many events; without a type, samples of all types in turn', whole(1, 100_000))
    .option('--rate <n>', 'how many to begin in a second', positive)
    .option('--concurrency <n>', 'how many at once', whole(1, 64), 10)
    .addOption(
      new Option('--order <order>', 'the order to send in').choices(['given', 'reversed', 'shuffled'] as const),
    )
    .addOption(
      new Option('--retries <how>', `try again as the provider does: in real time, ${fast} times faster, or not at all`)
        .choices(['real', 'fast', 'none'] as const)
        .default('none' as const),
    )
    .option('--timeout <seconds>', "how long to wait for a reply instead of the provider's own limit", positive)
    .optionsGroup('Faults, which can be combined:')
    .option('--copies <n>', 'send each delivery so many times at once', whole(1, 100))
    .option('--wrong-secret', 'sign with another secret')
    .option('--without-signature', 'leave out the signature headers')
    .addOption(
      new Option(
        '--tamper <part>',
        'alter a part after signing; timestamp and id only where the provider signs them',
      ).choices(['body', 'signature', 'timestamp', 'id'] as const),
    )
    .option(
      '--signed-ago <seconds>',
      'sign with a time so many seconds back; Grantex and Standard Webhooks',
      whole(1, 1_000_000_000),
    )
    .option('--slow-body <ms>', 'let the body trickle in over so many milliseconds', whole(1, 600_000))
    .option('--cut-body', 'end the connection in the middle of the body')
    .option('--faulty-attempts <n>', 'only the first so many attempts have the faults', whole(1, 1_000))
    .optionsGroup('Result:')
    .option('--expect <status>', 'succeed only where the last reply to every delivery has this status', whole(100, 599))
    .option('-q, --quiet', 'print the summary alone')
    .option(...jsonOption)
    .addHelpText('after', examples)
    .action((name, type, { signature, list, ...options }) =>
      shell.perform(options, async (report) => {
        const provider = await providerOf(name, signature);
        return list ? listSamples(provider, report) : send(provider, type, options, report);
      }),
    );
}

const examples = `
Where there is no --secret-file, the secret is read from HOOKPROOF_SECRET.

Examples:
  $ hookproof send grantiva device.high_risk                   to http://localhost:3000/webhooks/grantiva
  $ hookproof send grantex grant.revoked --data '{"grantId":"grnt_1","cascade":true}' --url https://example.com/hooks
  $ hookproof send gravv --count 1000 --rate 50 --order shuffled
  $ hookproof send grantex --retries fast                      your handlers throw: do they recover?
  $ hookproof send grantex --copies 5                          is each event handled once?
  $ hookproof send grantiva --wrong-secret --expect 401        is a forgery refused?
  $ hookproof send gravv transfer.status.failed --file body.json

Exit codes: 0 all delivered (or all as --expect says), 1 not, 2 wrong command line, 130 ended by Ctrl-C.`;
