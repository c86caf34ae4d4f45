<?php
/**
 * The screen of the tests.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Client;
use Crossdock\Hub\Credentials;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Moment;

/**
 * Sends sample data of each kind to the hub, marked as a test, and shows what the hub would do with it. Nothing of it
 * reaches a destination.
 */
final class TestsPage implements Page {

	/**
	 * The slug.
	 */
	public const SLUG = 'crossdock-tests';

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
	 * Which kind was tested; empty for none.
	 *
	 * @var string
	 */
	private string $tested = '';

	/**
	 * What was sent, as JSON.
	 *
	 * @var string
	 */
	private string $sent = '';

	/**
	 * What the hub answered; null when it was not asked.
	 *
	 * @var Answer|null
	 */
	private ?Answer $answer = null;

	/**
	 * What each destination would get.
	 *
	 * @var array<int, array<string, mixed>>
	 */
	private array $routes = array();

	/**
	 * Notes what it needs.
	 *
	 * @param Client      $client      The way to the hub.
	 * @param Credentials $credentials What is known of the pairing.
	 * @param Clock       $clock       The clock.
	 */
	public function __construct( Client $client, Credentials $credentials, Clock $clock ) {
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
		return __( 'Tests', 'crossdock' );
	}

	/**
	 * Sends a test.
	 *
	 * @return void
	 */
	public function load(): void {
		$form = Form::sent( 'test-send' );
		$kind = is_string( $form['kind'] ?? null ) ? $form['kind'] : '';
		if ( null === $form || ! in_array( $kind, Samples::KINDS, true ) ) {
			return;
		}
		$this->tested = $kind;
		$this->sent   = is_string( $form['data'] ?? null ) ? $form['data'] : '';
		$data         = json_decode( $this->sent );
		if ( ! $data instanceof \stdClass ) {
			$this->answer = Answer::unasked( 'no-json', __( 'What is in the field is no JSON object; nothing was sent.', 'crossdock' ) );
			return;
		}
		$item = array(
			'id'          => wp_generate_uuid4(),
			'kind'        => $kind,
			'action'      => 'saved',
			'occurred_at' => Moment::wire( $this->clock->now() ),
			'origin'      => 'test',
			'data'        => $data,
		);
		if ( 'event' === $kind ) {
			$item += array(
				'type'   => 'assessment.completed',
				'entity' => 'user:' . get_current_user_id(),
			);
		}
		$this->answer = $this->client->post( '/' . $kind . 's', $item, 15.0 );
		if ( $this->answer->ok() && ! isset( $this->answer->data['preview'] ) ) {
			$this->routes = TestPreview::of( $this->client, $kind, $data );
		}
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		echo '<p>' . esc_html__( 'A test is recorded in the hub as a test and delivered nowhere. You see what would become of it.', 'crossdock' ) . '</p>';
		if ( ! $this->credentials->paired() ) {
			Flash::notice( 'info', __( 'This site is not connected with a hub yet.', 'crossdock' ) );
			return;
		}
		if ( null !== $this->answer ) {
			TestResult::show( $this->tested, $this->answer, $this->routes );
		}
		echo '<div class="crossdock-columns">';
		foreach ( Samples::KINDS as $kind ) {
			$this->form( $kind );
		}
		echo '</div>';
	}

	/**
	 * Prints the form of a kind.
	 *
	 * @param string $kind The kind.
	 * @return void
	 */
	private function form( string $kind ): void {
		$mark = 'crossdock-sample-' . $kind;
		$text = $this->tested === $kind ? $this->sent : (string) wp_json_encode( Samples::of( $kind ), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
		echo '<section><h2>' . esc_html( Words::kind( $kind ) ) . '</h2>';
		Form::open( 'test-send', array( 'kind' => $kind ) );
		/* translators: %s: kind of data, e.g. "Order". */
		echo '<details' . ( $this->tested === $kind ? ' open' : '' ) . '><summary>' . esc_html( sprintf( __( 'Sample data: %s', 'crossdock' ), Words::kind( $kind ) ) ) . '</summary>';
		echo '<label class="screen-reader-text" for="' . esc_attr( $mark ) . '">' . esc_html__( 'Sample data as JSON', 'crossdock' ) . '</label><textarea id="' . esc_attr( $mark ) . '" name="data" class="large-text code" rows="14" spellcheck="false">' . esc_textarea( $text ) . '</textarea></details>';
		echo '<p><button class="button">' . esc_html__( 'Send a test', 'crossdock' ) . '<span class="screen-reader-text"> ' . esc_html( Words::kind( $kind ) ) . '</span></button></p></form></section>';
	}
}
