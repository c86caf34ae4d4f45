<?php
/**
 * The outbox's decisions, without a site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Outbox\Backoff;
use Crossdock\Outbox\Batch;
use Crossdock\Outbox\Brake;
use Crossdock\Outbox\Host;
use Crossdock\Outbox\Row;
use Crossdock\Outbox\Steps;
use Crossdock\Outbox\Touched;
use Crossdock\Outbox\Window;
use Crossdock\Wp\Uuid;
use PHPUnit\Framework\TestCase;

/**
 * Waiting, pace, hours, ids, the memory of a request.
 */
final class OutboxRulesTest extends TestCase {

	public function test_a_wait_lies_anywhere_below_a_bound_that_doubles(): void {
		$all  = new Backoff( static function (): float {
			return 1.0;
		} );
		$half = new Backoff( static function (): float {
			return 0.5;
		} );
		self::assertSame( array( 60.0, 120.0, 240.0, 21600.0, 21600.0 ), array( $all->wait( 1 ), $all->wait( 2 ), $all->wait( 3 ), $all->wait( 20 ), $all->wait( 100000 ) ) );
		self::assertSame( array( 30.0, 60.0 ), array( $half->wait( 1 ), $half->wait( 2 ) ) );
		self::assertSame( array( 15.0, 30.0, 900.0 ), array( $all->outage( 1 ), $all->outage( 2 ), $all->outage( 50 ) ) );
	}

	public function test_no_wait_is_nothing(): void {
		$none = new Backoff( static function (): float {
			return 0.0;
		} );
		self::assertSame( 1.0, $none->wait( 5 ) );
		self::assertSame( 1.0, $none->outage( 0 ) );
	}

	public function test_waits_of_rows_that_failed_together_differ(): void {
		$backoff = new Backoff();
		$waits   = array();
		for ( $i = 0; $i < 50; ++$i ) {
			$waits[] = $backoff->wait( 8 );
			self::assertGreaterThanOrEqual( 1.0, end( $waits ) );
			self::assertLessThanOrEqual( 60.0 * 128, end( $waits ) );
		}
		self::assertGreaterThan( 40, count( array_unique( $waits ) ) );
		self::assertGreaterThan( 1000.0, max( $waits ) - min( $waits ) );
	}

	/**
	 * @dataProvider steps
	 */
	public function test_a_batch_follows_what_was_measured( int $items, int $told, float $took, bool $large, int $next, string $why ): void {
		self::assertSame( array( $next, $why ), Steps::next( $items, 'first', $told, $took, $large ) );
	}

	/**
	 * @return array<string, array{int, int, float, bool, int, string}>
	 */
	public static function steps(): array {
		return array(
			'quick and full grows'       => array( 25, 25, 0.5, false, 31, 'quick-answers' ),
			'quick and not full stays'   => array( 25, 10, 0.5, false, 25, 'steady' ),
			'never above a hundred'      => array( 90, 90, 0.5, false, 100, 'quick-answers' ),
			'a hundred stays'            => array( 100, 100, 0.5, false, 100, 'steady' ),
			'slow is halved'             => array( 25, 25, 5.1, false, 12, 'slow-answers' ),
			'slow and small is halved'   => array( 100, 6, 5.1, false, 3, 'slow-answers' ),
			'neither stays'              => array( 25, 25, 3.0, false, 25, 'steady' ),
			'too large is halved'        => array( 40, 40, 0.1, true, 20, 'too-large' ),
			'never below one'            => array( 1, 1, 60.0, false, 1, 'slow-answers' ),
			'one grows'                  => array( 1, 1, 0.1, false, 2, 'quick-answers' ),
		);
	}

	public function test_rests_follow_what_the_hub_has_left(): void {
		self::assertSame( 0.0, Steps::rest( array() ) );
		self::assertSame( 0.0, Steps::rest( array( 'limit' => 600, 'remaining' => 300, 'reset' => 30 ) ) );
		self::assertSame( 0.5, Steps::rest( array( 'limit' => 600, 'remaining' => 60, 'reset' => 30 ) ) );
		self::assertSame( 30.0, Steps::rest( array( 'limit' => 600, 'remaining' => 0, 'reset' => 30 ) ) );
		self::assertSame( 1.0, Steps::rest( array( 'limit' => 600, 'remaining' => 0, 'reset' => 0 ) ) );
	}

	/**
	 * @dataProvider hours
	 */
	public function test_the_hours_of_little_traffic( string $window, string $time, bool $holds ): void {
		self::assertSame( $holds, Window::holds( $window, $time ) );
	}

	/**
	 * @return array<string, array{string, string, bool}>
	 */
	public static function hours(): array {
		return array(
			'none set'              => array( '', '12:00', true ),
			'within'                => array( '01:00-05:00', '01:00', true ),
			'its end is out'        => array( '01:00-05:00', '05:00', false ),
			'before'                => array( '01:00-05:00', '00:59', false ),
			'over midnight, before' => array( '22:30-06:00', '23:59', true ),
			'over midnight, after'  => array( '22:30-06:00', '05:59', true ),
			'over midnight, out'    => array( '22:30-06:00', '12:00', false ),
			'a whole day'           => array( '08:00-08:00', '03:00', true ),
			'unreadable'            => array( 'at night', '12:00', true ),
		);
	}

	public function test_a_host_that_says_how_much(): void {
		self::assertSame( array( 134217728, 1073741824, 2048, 77, 0, 0 ), array_map( array( Host::class, 'bytes' ), array( '128M', '1g', '2K', '77', '-1', '' ) ) );
	}

	public function test_a_state_has_one_id_for_each_content_and_an_occurrence_one_for_ever(): void {
		$state = $this->row( 'order', 'saved' );
		self::assertSame( $state->told_as( '{"a":1}' ), $state->told_as( '{"a":1}' ) );
		self::assertNotSame( $state->told_as( '{"a":1}' ), $state->told_as( '{"a":2}' ) );
		self::assertMatchesRegularExpression( '/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/D', $state->told_as( 'x' ) );
		self::assertSame( 'an-id', $this->row( 'event', 'saved' )->told_as( 'x' ) );
		self::assertSame( 'an-id', $this->row( 'order', 'deleted' )->told_as( 'x' ) );
		self::assertSame( 12, $state->target() );
	}

	public function test_a_request_remembers_and_forgets(): void {
		$touched = new Touched();
		self::assertFalse( $touched->later( 'product', 1, 2, 10.0 ) );
		self::assertFalse( $touched->later( 'product', 1, 2, 11.0 ) );
		self::assertFalse( $touched->later( 'order', 7, 1, 11.0 ) );
		$touched->no_more( 'order', 7 );
		self::assertTrue( $touched->later( 'product', 2, 2, 14.0 ), 'a long request does not wait for its end' );
		self::assertSame( array( array( 'product', 2, array( 1, 2 ) ) ), $touched->take() );
		self::assertSame( array(), $touched->take() );
		for ( $i = 0; $i < 2000; ++$i ) {
			$touched->remember( "order:$i", 'saved', 0.0 );
		}
		self::assertLessThanOrEqual( 500, count( $touched->keys() ), 'a process that runs for days does not fill up' );
	}

	public function test_a_batch_is_halved_and_put_on_the_wire(): void {
		$batch = new Batch();
		foreach ( array( 3, 5, 9 ) as $row ) {
			$batch->put( $row, "id-$row", "{\"n\":$row}" );
		}
		list( $one, $other ) = $batch->halves();
		self::assertSame( array( array( 3, 5 ), array( 9 ) ), array( $one->rows(), $other->rows() ) );
		self::assertSame( '{"site":{},"items":[{"n":3},{"n":5}]}', $one->body( '{}' ) );
		self::assertSame( strlen( '{"n":3}' ) + 1, $other->bytes );
	}

	public function test_until_when_the_hub_is_left_alone(): void {
		self::assertSame( 0.0, Brake::until( array() ) );
		self::assertSame( 0.0, Brake::until( array( 'not_before' => 50.0 ) ), 'a person who resumes forgives' );
		self::assertSame( 50.0, Brake::until( array( 'not_before' => 50.0, 'failures' => 1 ) ) );
		self::assertSame( 60.0, Brake::until( array( 'not_before' => 50.0, 'failures' => 1, 'patience' => 60.0 ) ) );
	}

	public function test_ids_are_uuids_and_differ(): void {
		$ids = array();
		for ( $i = 0; $i < 100; ++$i ) {
			$ids[] = Uuid::make();
			self::assertMatchesRegularExpression( '/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/D', end( $ids ) );
		}
		self::assertCount( 100, array_unique( $ids ) );
	}

	private function row( string $kind, string $action ): Row {
		return new Row(
			array(
				'id'         => '1',
				'event_id'   => 'an-id',
				'kind'       => $kind,
				'action'     => $action,
				'type'       => '',
				'entity'     => "$kind:12",
				'origin'     => 'live',
				'payload'    => null,
				'attempts'   => '1',
				'created_at' => '2026-11-21 10:00:00.123',
				'changed_at' => '2026-11-21 10:00:00.123',
			)
		);
	}
}
