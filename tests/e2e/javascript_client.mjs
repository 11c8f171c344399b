// What tests/e2e/javascript.py has the JavaScript client do: javascript_client.mjs WHAT ADDRESS [...]. One JSON document a
// line on standard output.
import { NudgeError, Nudge } from './nudge_client.mjs'
import { CloudEvent, HTTP } from 'cloudevents'
import { setTimeout as wait } from 'node:timers/promises'

const [what, address, ...more] = process.argv.slice(2)
const say = value => console.log(JSON.stringify(value))
const connect = options => Nudge.connect({ address, ...options })

const doings = {
  // A token that is wanted, all kinds of values, refusals of single events, and of a whole request.
  async ask() {
    const nudge = await connect({ token: process.env.NUDGE_TOKEN })
    const acks = await nudge.publish([
      { id: 'a', source: 'crm', customer: 'c-1', type: 'profile.updated',
        attributes: { plan: { value: 'large', time: new Date('2026-05-01T00:00:00Z') }, seats: 3, vip: true, old: null } },
      { id: 'b', source: 'crm', customer: 'c-1', alias: 'both', type: 'x' },
      { id: 'c', source: 'crm', customer: 'c-1', type: 'alias.added', attributes: { alias: '+84 90 1234567' } },
    ])
    say(acks.map(ack => [ack.result, ack.error?.field ?? '']))
    const customer = await nudge.call('read_customer', { alias: '+84901234567' })
    say(customer.attributes.map(held => [held.attribute.name, held.attribute[held.attribute.value], held.time_ms]))
    const refused = await nudge.call('recommend', { limit: 3 }).catch(error => error)
    say([refused instanceof NudgeError, refused.code, refused.field])
    const { choices, decision } = await nudge.call('recommend', { customer: 'c-1' })
    const outcome = await nudge.call('outcome', { id: 'o', source: 'crm', customer: 'c-1', action: choices[0].action, decision,
      channel: 'call', kind: 'accepted' })
    say([choices[0].action, outcome.ack.result])
    nudge.close()
  },
  async denied() {
    say(await connect({ token: 'nonsense', connectPatience: 0 }).then(() => 'let in', error => error.code))
  },
  // Many events from a generator that knows how far it was asked to go: no more is taken than can be under way.
  async many() {
    const count = Number(more[0])
    let given = 0, most = 0, answered = 0
    const nudge = await connect({ window: 8, batch: 128 })
    const call = nudge.call.bind(nudge)
    nudge.call = async (kind, body) => {
      const answer = await call(kind, body)
      answered += body.events?.length ?? 0
      return answer
    }
    function *events() {
      for (; given < count; given++) {
        most = Math.max(most, given - answered)
        yield { id: `m${given}`, source: 'js', customer: `c-${given % 100}`, type: 'count', time_ms: 1760000000000 + given }
      }
    }
    const acks = await nudge.publish(events())
    say({ acks: acks.length, accepted: acks.filter(a => a.result === 'ACCEPTED').length,
      duplicates: acks.filter(a => a.result === 'DUPLICATE').length, most })
    nudge.close()
  },
  // Says every alert that it is told of, until one of them is the last.
  async follow() {
    const nudge = await connect()
    say('following')
    for await (const alert of nudge.follow({ to: 'care' })) {
      say([alert.seq, alert.index, alert.text])
      if (alert.text === 'last') break
    }
    nudge.close()
  },
  // CloudEvents with their own SDK: structured, binary, a batch, and one that is none of ours.
  async cloudevents() {
    const post = async ({ headers, body }) => {
      const answer = await fetch(`${address}/v1/events`, { method: 'POST', headers, body })
      return [answer.status, await answer.json()]
    }
    const one = id => new CloudEvent({ id, source: 'shop', type: 'call.ended', subject: 'c-7', time: '2026-06-01T10:00:00.000Z',
      member: 'anna', data: { topic: 'bill', mood: -0.5 } })
    say(await post(HTTP.structured(one('1'))))
    say(await post(HTTP.binary(one('2'))))
    say(await post({ headers: { 'content-type': 'application/cloudevents-batch+json' }, body: JSON.stringify([one('3'), one('1')]) }))
    say(await post(HTTP.structured(new CloudEvent({ id: '4', source: 'shop', type: 'call.ended', data: { topic: 'bill' } }))))
  },
}

process.on('unhandledRejection', error => { console.error(error); process.exit(1) })
await doings[what]()
await wait(0)
