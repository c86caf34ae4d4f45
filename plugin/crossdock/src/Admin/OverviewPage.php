<?php
/**
 * The first screen.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;
use Crossdock\Monitor\Condition;
use Crossdock\Monitor\NextRun;
use Crossdock\Monitor\Queue;
use Crossdock\Wp\Clock;

/**
 * Shows in one look how it stands: connected to what, last success, what waits, what failed, the destinations.
 */
final class OverviewPage implements Page {

	/**
	 * The slug: the menu's own.
	 */
	public const SLUG = 'crossdock';

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
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials What is known of the pairing.
	 * @param Clock       $clock       The clock.
	 */
	public function __construct( Queue $queue, Condition $condition, NextRun $next, Client $client, Credentials $credentials, Clock $clock ) {
		$this->queue       = $queue;
		$this->condition   = $condition;
		$this->next        = $next;
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->clock       = $clock;
	}

	/**
	 * Returns the name of the screen.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Overview', 'crossdock' );
	}

	/**
	 * Nothing is sent from here.
	 *
	 * @return void
	 */
	public function load(): void {
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		if ( ! $this->credentials->paired() ) {
			$this->welcome();
			return;
		}
		// A short wait: a hub that does not answer must not hold up the screen that says so.
		$answer = $this->client->get( '/status', array(), 5.0 );
		echo '<div class="crossdock-columns"><section aria-labelledby="crossdock-hub"><h2 id="crossdock-hub">' . esc_html__( 'Connection', 'crossdock' ) . '</h2>';
		$this->connection( $answer );
		echo '</section><section aria-labelledby="crossdock-site"><h2 id="crossdock-site">' . esc_html__( 'On this site', 'crossdock' ) . '</h2>';
		$this->site();
		echo '</section></div><h2>' . esc_html__( 'Destinations', 'crossdock' ) . '</h2>';
		Destinations::show( $answer );
	}

	/**
	 * Prints what to do first.
	 *
	 * @return void
	 */
	private function welcome(): void {
		echo '<div class="card"><h2>' . esc_html__( 'Connect this site with your hub', 'crossdock' ) . '</h2><p>';
		echo esc_html__( 'Crossdock takes what happens here (people, orders, products, events) to your hub, which brings it to your CRM and other systems. In the hub, choose “Connect WordPress”, copy the pairing code and paste it on the next screen.', 'crossdock' );
		echo '</p><p><a class="button button-primary" href="' . esc_url( Menu::url( 'crossdock-connection' ) ) . '">' . esc_html__( 'Connect', 'crossdock' ) . '</a></p></div>';
	}

	/**
	 * Prints the state of the connection.
	 *
	 * @param Answer $answer What the hub says.
	 * @return void
	 */
	private function connection( Answer $answer ): void {
		$known = $answer->ok() ? ( $answer->data['connection'] ?? array() ) : ( $this->credentials->connection()['connection'] ?? array() );
		$known = is_array( $known ) ? $known : array();
		echo '<dl class="crossdock-facts"><dt>' . esc_html__( 'State', 'crossdock' ) . '</dt><dd>';
		if ( ! $answer->ok() ) {
			State::show( 'error', __( 'The hub does not answer as it should', 'crossdock' ) );
			echo '<br>' . esc_html( HubWords::problem( $answer ) );
		} elseif ( $this->condition->paused() ) {
			State::show( 'paused', Pauses::words( $this->condition->pause_reason() ) );
		} elseif ( isset( $answer->data['sending']['allowed'] ) && ! $answer->data['sending']['allowed'] ) {
			State::show( 'warning', __( 'The hub takes nothing at present', 'crossdock' ) );
			echo '<br>' . esc_html( (string) ( $answer->data['sending']['reason'] ?? '' ) );
		} else {
			State::show( 'ok', __( 'Connected', 'crossdock' ) );
		}
		echo '</dd><dt>' . esc_html__( 'Hub', 'crossdock' ) . '</dt><dd>' . esc_html( $this->credentials->hub() ) . '</dd>';
		echo '<dt>' . esc_html__( 'As', 'crossdock' ) . '</dt><dd>' . esc_html( (string) ( $known['name'] ?? $known['id'] ?? '–' ) ) . '</dd>';
		echo '<dt>' . esc_html__( 'Last success', 'crossdock' ) . '</dt><dd>';
		Words::time( (float) $this->condition->get( 'last_success', 0.0 ), $this->clock->now() );
		echo '</dd></dl><p><a href="' . esc_url( Menu::url( 'crossdock-connection' ) ) . '">' . esc_html__( 'Connection and test', 'crossdock' ) . '</a></p>';
	}

	/**
	 * Prints what lies on the site.
	 *
	 * @return void
	 */
	private function site(): void {
		$counts = $this->queue->counts();
		echo '<dl class="crossdock-facts"><dt>' . esc_html__( 'Waiting', 'crossdock' ) . '</dt><dd>' . esc_html( number_format_i18n( $counts['waiting'] + $counts['sending'] ) );
		$oldest = $this->queue->oldest_s();
		if ( $oldest > 0 ) {
			/* translators: %s: a span of time. */
			echo ' ' . esc_html( sprintf( __( '(the oldest for %s)', 'crossdock' ), Words::span( $oldest ) ) );
		}
		echo '</dd><dt>' . esc_html__( 'Failed for good', 'crossdock' ) . '</dt><dd>';
		if ( $counts['dead'] > 0 ) {
			State::show( 'dead', number_format_i18n( $counts['dead'] ) );
			echo ' <a href="' . esc_url( Menu::url( QueuePage::SLUG, array( 'state' => 'dead' ) ) ) . '">' . esc_html__( 'Look at them', 'crossdock' ) . '</a>';
		} else {
			echo esc_html( number_format_i18n( 0 ) );
		}
		echo '</dd><dt>' . esc_html__( 'Next run', 'crossdock' ) . '</dt><dd>';
		Words::run( $this->next->at(), $this->clock->now() );
		echo '</dd></dl><p><a href="' . esc_url( Menu::url( QueuePage::SLUG ) ) . '">' . esc_html__( 'Open the queue', 'crossdock' ) . '</a></p>';
	}
}
