#!/usr/bin/python3
"""The alert rules for Prometheus: they are well formed, say what to do, name figures that the daemon has, and fire when they
should and not else (promtool, of Debian's package prometheus)."""
import json
import os
import re
import shutil
import subprocess

import http_kit
import kit
from kit import check, same

MIB = 1 << 20
# What is only there with TLS or tokens, or while recovering; tests/e2e/tls.py, tokens.py and recovering.py look at them.
ELSEWHERE = {'nudged_recovery_ratio', 'nudged_tls_certificate_expires_timestamp_seconds',
             'nudged_tls_client_crl_expires_timestamp_seconds', 'nudged_requests_denied_total', 'nudged_tokens_refused'}
# Alert: [(series, values)] with which it fires, the same with which it does not, and when that is looked at. A step is a minute.
CASES = {
    'NudgedDown': ([('up', '1 0x60')], [('up', '1 0 1x60')], '5m'),
    'NudgedRecovering': ([('up', '1x60'), ('nudged_recovering', '1x60')], [('up', '1x60'), ('nudged_recovering', '1 1 0x60')], '5m'),
    'NudgedRecoveryLong': ([('nudged_recovering', '1x60')], [('nudged_recovering', '1x10 0x60')], '20m'),
    'NudgedRestarting': ([('process_start_time_seconds', '1x5 2x5 3x5 4x20')], [('process_start_time_seconds', '1x20 2x20')], '25m'),
    'NudgedRefusesStorage': ([('nudged_storage_refusing', '0x3 1x60')], [('nudged_storage_refusing', '0x60')], '10m'),
    'NudgedDiskLow': ([('nudged_disk_free_bytes', '%dx60' % (1000 * MIB))], [('nudged_disk_free_bytes', '%dx60' % (9000 * MIB))], '10m'),
    'NudgedDiskFillsUp': ([('nudged_disk_free_bytes', '%d-%dx480' % (40000 * MIB, 40 * MIB))],
                          [('nudged_disk_free_bytes', '%d-%dx480' % (40000 * MIB, MIB))], '7h'),
    'NudgedTailGrows': ([('nudged_journal_tail_bytes', '%dx60' % (600 * MIB))], [('nudged_journal_tail_bytes', '%dx60' % (90 * MIB))], '20m'),
    'NudgedSyncSlow': ([('nudged_sync_p99_seconds', '0.2x60')], [('nudged_sync_p99_seconds', '0.001x60')], '20m'),
    'NudgedSlow': ([('nudged_publish_duration_seconds_bucket{le="0.1"}', '0+1x60'),
                    ('nudged_publish_duration_seconds_bucket{le="1"}', '0+90x60'),
                    ('nudged_publish_duration_seconds_bucket{le="+Inf"}', '0+100x60')],
                   [('nudged_publish_duration_seconds_bucket{le="0.1"}', '0+100x60'),
                    ('nudged_publish_duration_seconds_bucket{le="1"}', '0+100x60'),
                    ('nudged_publish_duration_seconds_bucket{le="+Inf"}', '0+100x60')], '30m'),
    'NudgedRefusesEvents': ([('nudged_events_total{result="refused"}', '0+10x60'), ('nudged_events_total{result="accepted"}', '0+50x60')],
                            [('nudged_events_total{result="refused"}', '0+1x60'), ('nudged_events_total{result="accepted"}', '0+500x60')], '30m'),
    'NudgedRuleFails': ([('nudged_rule_failed_total{rule="late"}', '0+1x60')], [('nudged_rule_failed_total{rule="late"}', '7x60')], '20m'),
    'NudgedRuleSetAside': ([('nudged_rule_aside{rule="late"}', '1x60')], [('nudged_rule_aside{rule="late"}', '0x60')], '5m'),
    'NudgedDecisionLogFails': ([('nudged_decision_log_errors_total', '0x5 1x60')], [('nudged_decision_log_errors_total', '1x60')], '10m'),
    'NudgedDecisionLogBehind': ([('nudged_decision_log_behind', '200000x60')], [('nudged_decision_log_behind', '200x60')], '30m'),
    'NudgedCertificateExpires': ([('nudged_tls_certificate_expires_timestamp_seconds', '%dx60' % (10 * 86400))],
                                 [('nudged_tls_certificate_expires_timestamp_seconds', '%dx60' % (30 * 86400))], '5m'),
    'NudgedCertificateEnds': ([('nudged_tls_certificate_expires_timestamp_seconds', '%dx60' % 86400)],
                              [('nudged_tls_certificate_expires_timestamp_seconds', '%dx60' % (10 * 86400))], '5m'),
    'NudgedRevocationListEnds': ([('nudged_tls_client_crl_expires_timestamp_seconds', '%dx60' % 3600)],
                                 [('nudged_tls_client_crl_expires_timestamp_seconds', '%dx60' % (3 * 86400))], '5m'),
    'NudgedDenies': ([('nudged_requests_denied_total', '0+120x60')], [('nudged_requests_denied_total', '0+6x60')], '20m'),
    'NudgedTokensRefused': ([('nudged_tokens_refused', '1x60')], [('nudged_tokens_refused', '0x60')], '10m'),
    'NudgedLimits': ([('nudged_limited_total{reason="rate"}', '0+120x60')], [('nudged_limited_total{reason="rate"}', '0+6x60')], '30m'),
    'NudgedErasureLong': ([('nudged_erasing', '1x120')], [('nudged_erasing', '1x10 0x110')], '90m'),
    'NudgedFilesRunOut': ([('process_open_fds', '900x60'), ('process_max_fds', '1000x60')],
                          [('process_open_fds', '90x60'), ('process_max_fds', '1000x60')], '10m'),
    'NudgedWatchdog': ([('up', '1x60')], None, '5m'),
}


def rules_of(bench):
    return os.path.join(bench.root, 'tools', 'deploy', 'alerts.yml')


def promtool(*args):
    if not shutil.which('promtool'):
        raise kit.Skip("promtool is not here: Debian's package prometheus has it")
    done = subprocess.run(['promtool', *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    same(done.returncode, 0, done.stdout.decode()[-3000:])


def labelled(series):
    """Of the job nudged, as Prometheus would have scraped it."""
    name, _, labels = series.partition('{')
    return '%s{job="nudged",instance="here",%s}' % (name, labels.rstrip('}'))


def they_are_well_formed(bench):
    promtool('check', 'rules', rules_of(bench))
    with open(rules_of(bench)) as f:
        alerts = re.split(r'\n      - alert: ', f.read())[1:]
    same({a.split('\n')[0] for a in alerts}, set(CASES), 'each is tried')
    for alert in alerts:
        for word in ('severity: ', 'summary: ', 'description: '):
            check(word in alert, alert.split('\n')[0], 'has no', word)
        check(re.search('severity: (critical|warning|none)', alert), alert)


def run_tests(bench, tests):
    path = bench.path('alerts_test.yml')
    with open(path, 'w') as f: # YAML holds JSON
        json.dump({'rule_files': [rules_of(bench)], 'evaluation_interval': '1m', 'tests': tests}, f)
    promtool('test', 'rules', path)


def they_fire_when_they_should(bench):
    tests = []
    for alert, (fires, quiet, at) in CASES.items():
        for series, count in ((fires, 1), (quiet, 0)):
            if series is None:
                continue
            tests.append({'interval': '1m', 'name': '%s %d' % (alert, count),
                          'input_series': [{'series': labelled(s), 'values': v} for s, v in series],
                          'promql_expr_test': [{'expr': 'count(ALERTS{alertname="%s",alertstate="firing"}) or vector(0)' % alert,
                                                'eval_time': at, 'exp_samples': [{'labels': '{}', 'value': count}]}]})
    run_tests(bench, tests)


def down_and_recovering_are_told_apart(bench):
    """While it recovers it is scraped: one alert, and not the other. Down it is not: what it said is stale."""
    tests = []
    for up, recovering, want in (('1x60', '1x60', ['NudgedRecovering']), ('0x60', None, ['NudgedDown']),
                                 ('1x5 0x60', '1x5 stale', ['NudgedDown'])):
        series = [{'series': labelled('up'), 'values': up}]
        if recovering:
            series.append({'series': labelled('nudged_recovering'), 'values': recovering})
        tests.append({'interval': '1m', 'input_series': series, 'promql_expr_test': [
            {'expr': 'count by (alertname) (ALERTS{alertstate="firing",severity!="none"})', 'eval_time': '12m',
             'exp_samples': [{'labels': '{alertname="%s"}' % name, 'value': 1} for name in want]}]})
    run_tests(bench, tests)


def they_name_figures_that_there_are(bench):
    d = http_kit.http(bench, rules=os.path.join(bench.root, 'rules', 'welcome'), args=['--decision-log', bench.path('decisions')])
    there = set(re.findall(r'^(\w+)', http_kit.get(d, '/metrics').body.decode(), re.M))
    with open(rules_of(bench)) as f:
        named = set(re.findall(r'\b((?:nudged|process)_\w+)', f.read()))
    same({n for n in named - ELSEWHERE if n not in there}, set(), 'not at /metrics')


if __name__ == '__main__':
    kit.Bench().run([they_are_well_formed, they_fire_when_they_should, down_and_recovering_are_told_apart, they_name_figures_that_there_are])
