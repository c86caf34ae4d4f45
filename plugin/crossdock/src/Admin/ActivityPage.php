<?php
/**
 * The screen of what became of everything.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;
use Crossdock\Monitor\Queue;
use Crossdock\Wp\Clock;

/**
 * Shows what the hub knows of this site's events and what became of each at every destination; above it what is still here.
 */
final class ActivityPage implements Page {

	/**
	 * The slug.
	 */
	public const SLUG = 'crossdock-activity';

	/**
	 * Events of a page.
	 */
	private const ROWS = 50;

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
	 * What lies in the outbox.
	 *
	 * @var Queue
	 */
	private Queue $queue;

	/**
	 * What the address asks for.
	 *
	 * @var ActivityFilter
	 */
	private ActivityFilter $filter;

	/**
	 * One event with its attempts.
	 *
	 * @var ActivityDetail
	 */
	private ActivityDetail $detail;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Client         $client      The way to the hub.
	 * @param Credentials    $credentials What is known of the pairing.
	 * @param Queue          $queue       What lies in the outbox.
	 * @param ActivityFilter $filter      What the address asks for.
	 * @param ActivityDetail $detail      One event with its attempts.
	 * @param Clock          $clock       The clock.
	 */
	public function __construct( Client $client, Credentials $credentials, Queue $queue, ActivityFilter $filter, ActivityDetail $detail, Clock $clock ) {
		$this->client      = $client;
		$this->credentials = $credentials;
		$this->queue       = $queue;
		$this->filter      = $filter;
		$this->detail      = $detail;
		$this->clock       = $clock;
	}

	/**
	 * Returns the name of the screen.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Activity', 'crossdock' );
	}

	/**
	 * Carries out what a form sent.
	 *
	 * @return void
	 */
	public function load(): void {
		$sent = Form::sent( 'activity-resend' );
		if ( null === $sent ) {
			return;
		}
		$event = isset( $sent['event'] ) && is_string( $sent['event'] ) ? $sent['event'] : '';
		$back  = Menu::url( self::SLUG, array_filter( $this->filter->chosen(), 'strlen' ) );
		if ( ! preg_match( '/^evt_[A-Za-z0-9]{1,40}$/D', $event ) ) {
			Flash::go( 'error', __( 'That is no event.', 'crossdock' ), $back );
		}
		$answer = $this->client->post( '/activity/' . $event . '/resend', new \stdClass() );
		if ( $answer->ok() ) {
			Flash::go( 'success', __( 'The hub delivers it again.', 'crossdock' ), $back );
		}
		Flash::go( 'error', HubWords::problem( $answer ), $back );
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		$this->here();
		if ( ! $this->credentials->paired() ) {
			Flash::notice( 'info', __( 'This site is not connected with a hub yet; what became of its events is shown here when it is.', 'crossdock' ) );
			return;
		}
		if ( '' !== $this->filter->event() ) {
			$this->detail->show( $this->filter->event() );
			return;
		}
		$filter = $this->filter->chosen();
		echo '<h2>' . esc_html__( 'What the hub has', 'crossdock' ) . '</h2>';
		Filters::show( self::SLUG, $this->filter->choices(), $this->filter->labels(), $filter );
		$answer = $this->client->get( '/activity', array_filter( $filter, 'strlen' ) + array( 'limit' => self::ROWS ) + $this->filter->cursor(), 10.0 );
		if ( ! $answer->ok() ) {
			HubWords::notice( $answer );
			return;
		}
		$items = array_values( array_filter( (array) ( $answer->data['items'] ?? array() ), 'is_array' ) );
		( new ActivityList( $this->clock->now() ) )->show( $items, array_filter( $filter, 'strlen' ) !== array() );
		$this->pages( is_string( $answer->data['next'] ?? null ) ? $answer->data['next'] : '', $filter );
	}

	/**
	 * Prints what is still on the site.
	 *
	 * @return void
	 */
	private function here(): void {
		$counts = $this->queue->counts();
		$still  = $counts['waiting'] + $counts['sending'];
		if ( 0 === $still + $counts['dead'] ) {
			echo '<p>' . esc_html__( 'Everything that happened on this site is at the hub.', 'crossdock' ) . '</p>';
			return;
		}
		echo '<p class="crossdock-here">';
		if ( $still > 0 ) {
			/* translators: %s: number of changes. */
			State::show( 'waiting', sprintf( _n( '%s change still waits on this site', '%s changes still wait on this site', $still, 'crossdock' ), number_format_i18n( $still ) ) );
		}
		if ( $counts['dead'] > 0 ) {
			echo ' ';
			/* translators: %s: number of changes. */
			State::show( 'dead', sprintf( _n( '%s could not be sent', '%s could not be sent', $counts['dead'], 'crossdock' ), number_format_i18n( $counts['dead'] ) ) );
		}
		echo ' <a href="' . esc_url( Menu::url( QueuePage::SLUG ) ) . '">' . esc_html__( 'Open the queue', 'crossdock' ) . '</a></p>';
	}

	/**
	 * Prints the ways to older and to the newest events.
	 *
	 * @param string                $next   Where the older ones begin; empty when there are none.
	 * @param array<string, string> $filter The filter.
	 * @return void
	 */
	private function pages( string $next, array $filter ): void {
		echo '<nav class="crossdock-pages" aria-label="' . esc_attr__( 'Pages of the list', 'crossdock' ) . '">';
		if ( array() !== $this->filter->cursor() ) {
			Filters::link( self::SLUG, $filter, __( 'Newest', 'crossdock' ) );
		}
		if ( '' !== $next ) {
			Filters::link( self::SLUG, $filter + array( 'cursor' => $next ), __( 'Older', 'crossdock' ) );
		}
		echo '</nav>';
	}
}
