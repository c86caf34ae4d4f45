<?php
/**
 * Tests for Site Health.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Hub\Causes;
use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;
use Crossdock\Hub\Diagnosis;
use Crossdock\Setup\Tables;
use Crossdock\Site\Probe;
use Crossdock\Wp\Clock;

/**
 * Carries out the tests and says the results in Site Health's form.
 */
class HealthTests {

	// Seconds after which a row that waits is a trouble, and by which cron may be late.
	private const OLD_S  = 3600;
	private const LATE_S = 900;

	/**
	 * What lies in the outbox.
	 *
	 * @var Queue
	 */
	private Queue $queue;

	/**
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * When sending runs next.
	 *
	 * @var NextRun
	 */
	private NextRun $next;

	/**
	 * The plugin's tables.
	 *
	 * @var Tables
	 */
	private Tables $tables;

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * What is known of the pairing.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * The way into this site.
	 *
	 * @var Probe
	 */
	private Probe $probe;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Queue       $queue       What lies in the outbox.
	 * @param Condition   $condition   How sending goes.
	 * @param NextRun     $next        When sending runs next.
	 * @param Tables      $tables      The plugin's tables.
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials What is known of the pairing.
	 * @param Probe       $probe       The way into this site.
	 * @param Clock       $clock       The clock.
	 */
	public function __construct( Queue $queue, Condition $condition, NextRun $next, Tables $tables, Client $client, Credentials $credentials, Probe $probe, Clock $clock ) {
		$this->queue       = $queue;
		$this->condition   = $condition;
		$this->next        = $next;
		$this->tables      = $tables;
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->probe       = $probe;
		$this->clock       = $clock;
	}

	/**
	 * Carries out a test.
	 *
	 * @param string $name queue, tables, cron, hub or way_in.
	 * @return array<string, mixed> As Site Health wants it: label, status, badge, description, actions, test.
	 */
	public function run( string $name ): array {
		$way = in_array( $name, array( 'queue', 'tables', 'cron', 'hub' ), true ) ? $name : 'way_in';
		return HealthResult::of( $name, ...$this->$way() );
	}

	/**
	 * Looks at the queue.
	 *
	 * @return array{0: string, 1: string, 2: string} Status, label, description.
	 */
	private function queue(): array {
		if ( $this->condition->paused() ) {
			return array( 'critical', __( 'Crossdock has paused sending', 'crossdock' ), __( 'What happens meanwhile is kept; somebody has to resume sending on the queue’s screen.', 'crossdock' ) );
		}
		if ( $this->queue->oldest_s() > self::OLD_S ) {
			return array( 'recommended', __( 'Changes wait too long in Crossdock’s queue', 'crossdock' ), __( 'The oldest has waited for more than an hour. Look at the queue and at the connection.', 'crossdock' ) );
		}
		$dead = $this->queue->counts()['dead'];
		if ( $dead > 0 ) {
			/* translators: %s: number of changes. */
			return array( 'recommended', __( 'Some changes could not be sent by Crossdock', 'crossdock' ), sprintf( _n( '%s change failed for good and waits for you on the queue’s screen.', '%s changes failed for good and wait for you on the queue’s screen.', $dead, 'crossdock' ), number_format_i18n( $dead ) ) );
		}
		return array( 'good', __( 'Crossdock’s queue moves', 'crossdock' ), __( 'Nothing waits too long and nothing failed for good.', 'crossdock' ) );
	}

	/**
	 * Looks at the tables.
	 *
	 * @return array{0: string, 1: string, 2: string}
	 */
	private function tables(): array {
		$missing = $this->tables->missing();
		if ( array() === $missing ) {
			return array( 'good', __( 'Crossdock’s tables are there', 'crossdock' ), __( 'What happens on the site can be kept until the hub has it.', 'crossdock' ) );
		}
		/* translators: %s: names of tables. */
		return array( 'critical', __( 'Crossdock’s tables are missing', 'crossdock' ), sprintf( __( 'Missing: %s. Deactivate the plugin and activate it again; it makes them.', 'crossdock' ), implode( ', ', $missing ) ) );
	}

	/**
	 * Looks at what runs the sending.
	 *
	 * @return array{0: string, 1: string, 2: string}
	 */
	private function cron(): array {
		if ( ! $this->credentials->paired() ) {
			return array( 'good', __( 'Crossdock needs no run yet', 'crossdock' ), __( 'This site is not connected with a hub.', 'crossdock' ) );
		}
		if ( $this->next->at() <= 0.0 ) {
			return array( 'critical', __( 'No run of Crossdock is scheduled', 'crossdock' ), __( 'Open one of Crossdock’s screens: it schedules the run again. If that does not last, another plugin removes it.', 'crossdock' ) );
		}
		if ( $this->next->late_s() > self::LATE_S ) {
			return array( 'recommended', __( 'WP-Cron is late, so Crossdock sends late', 'crossdock' ), __( 'Let the server call wp-cron.php every minute.', 'crossdock' ) );
		}
		return array( 'good', __( 'Crossdock’s runs are scheduled', 'crossdock' ), __( 'The next run will come on time.', 'crossdock' ) );
	}

	/**
	 * Asks the hub.
	 *
	 * @return array{0: string, 1: string, 2: string}
	 */
	private function hub(): array {
		if ( ! $this->credentials->paired() ) {
			return array( 'recommended', __( 'Crossdock is not connected with a hub', 'crossdock' ), __( 'Nothing is sent until it is. Paste the hub’s pairing code on the screen “Connection”.', 'crossdock' ) );
		}
		$found = new Diagnosis( $this->client->get( '/status', array(), 10.0 ), $this->clock->now() );
		if ( $found->ok() && ! $found->skewed() ) {
			return array( 'good', __( 'Crossdock reaches its hub', 'crossdock' ), __( 'The hub answers, knows this site’s key, and the clocks agree.', 'crossdock' ) );
		}
		$words = Causes::words( $found );
		return array( $found->ok() ? 'recommended' : 'critical', $found->ok() ? __( 'The clocks of this site and of Crossdock’s hub differ', 'crossdock' ) : __( 'Crossdock does not reach its hub', 'crossdock' ), trim( $words['title'] . ' ' . $words['remedy'] ) );
	}

	/**
	 * Calls the site as the hub would.
	 *
	 * @return array{0: string, 1: string, 2: string}
	 */
	private function way_in(): array {
		$told = $this->probe->told();
		if ( $told['ok'] ) {
			return array( 'good', __( 'Crossdock’s hub can reach this site', 'crossdock' ), __( 'The REST interface answers, headers come through and no cache answers in its place.', 'crossdock' ) );
		}
		return array( 'recommended', __( 'Something is in the way of Crossdock’s hub into this site', 'crossdock' ), trim( $told['text'] . ' ' . $told['remedy'] ) );
	}
}
