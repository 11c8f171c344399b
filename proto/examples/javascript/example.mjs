// The five-minute example: three calls of one customer within a week, and what the daemon makes of them.
//     node example.mjs unix:/tmp/nudged.sock
import { Nudge } from './nudge_client.mjs'

const nudge = await Nudge.connect({ address: process.argv[2] ?? process.env.NUDGE_SOCKET ?? 'unix:/run/nudged/nudged.sock',
  token: process.env.NUDGE_TOKEN })
console.log(`${nudge.welcome.server}, pack ${nudge.welcome.pack}`)

const run = Date.now()
const acks = await nudge.publish([1, 2, 3].map(n => ({
  id: `js-${run}-${n}`, source: 'pbx', customer: 'c-18', type: 'contact.started', channel: 'call', attributes: { topic: 'help' } })))
for (const alert of acks.flatMap(ack => ack.alerts)) console.log(`alert: ${alert.text}`)

const { decision, choices } = await nudge.call('recommend', { customer: 'c-18', channel: 'call', topic: 'help' })
for (const choice of choices) console.log(`${choice.action}: ${choice.say}`)

if (choices.length) {
  const recorded = await nudge.call('outcome', { id: `js-${run}`, source: 'desk', customer: 'c-18', action: choices[0].action,
    decision, channel: 'call', kind: 'accepted' })
  console.log(`outcome: ${recorded.ack.result}`)
}
nudge.close()
