import { describe, expect, test } from '@jest/globals';
import { encodeAnswer, encodeError } from '../../../lib/emulator/http/ec2-xml';

describe('the XML of EC2', () => {
  test('writes sets of items, and an empty set as an empty element', () => {
    const xml = encodeAnswer(
      'CreateFleet',
      { FleetId: 'fleet-1', Errors: [], Instances: [{ InstanceIds: ['i-1', 'i-2'], Lifecycle: 'spot' }] },
      'r-1',
    );
    expect(xml).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<CreateFleetResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">' +
        '<requestId>r-1</requestId><fleetId>fleet-1</fleetId><errorSet/><fleetInstanceSet><item><instanceIds>' +
        '<item>i-1</item><item>i-2</item></instanceIds><lifecycle>spot</lifecycle></item></fleetInstanceSet>' +
        '</CreateFleetResponse>',
    );
  });

  test('escapes what a tag may hold and leaves out what is not there', () => {
    const xml = encodeAnswer(
      'DescribeInstances',
      { NextToken: undefined, Tags: [{ Key: 'a&b', Value: '<"\u0001>' }] },
      'r',
    );
    expect(xml).toContain('<tagSet><item><key>a&amp;b</key><value>&lt;&quot; &gt;</value></item></tagSet>');
    expect(xml).not.toContain('nextToken');
  });

  test('writes errors in the one form that the client reads', () => {
    expect(encodeError('InvalidInstanceID.NotFound', "no 'i-2'", 'r')).toContain(
      "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>no 'i-2'</Message></Error></Errors>",
    );
  });
});
