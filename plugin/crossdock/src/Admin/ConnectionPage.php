<?php
/**
 * The screen "Connection".
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;
use Crossdock\Hub\ByHand;
use Crossdock\Hub\Causes;
use Crossdock\Hub\Credentials;
use Crossdock\Hub\Diagnosis;
use Crossdock\Hub\Pairing;
use Crossdock\Hub\Trial;
use Crossdock\Settings\Fault;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Home;

/**
 * Connects the site with a hub (by a code, or by address, key and secret), tests the connection and ends it.
 */
final class ConnectionPage implements Page {

	/**
	 * The screen's slug.
	 */
	public const SLUG = 'crossdock-connection';

	/**
	 * What the site proves itself with.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * Pairs.
	 *
	 * @var Pairing
	 */
	private Pairing $pairing;

	/**
	 * The connection test.
	 *
	 * @var Trial
	 */
	private Trial $trial;

	/**
	 * What is printed.
	 *
	 * @var ConnectionView
	 */
	private ConnectionView $view;

	/**
	 * Where the script lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * What is wrong with what was typed.
	 *
	 * @var array<int, Fault>
	 */
	private array $faults = array();

	/**
	 * Address and key as they were typed, to be corrected.
	 *
	 * @var array<string, string>
	 */
	private array $typed = array();

	/**
	 * Results of the test, when it ran with this page.
	 *
	 * @var array<int, array<string, mixed>>
	 */
	private array $results = array();

	/**
	 * Takes what it works with.
	 *
	 * @param Credentials    $credentials What the site proves itself with.
	 * @param Pairing        $pairing     Pairs.
	 * @param Trial          $trial       The connection test.
	 * @param ConnectionView $view        What is printed.
	 * @param Home           $home        Where the script lies.
	 * @param Clock          $clock       The time.
	 */
	public function __construct( Credentials $credentials, Pairing $pairing, Trial $trial, ConnectionView $view, Home $home, Clock $clock ) {
		$this->credentials = $credentials;
		$this->pairing     = $pairing;
		$this->trial       = $trial;
		$this->view        = $view;
		$this->home        = $home;
		$this->clock       = $clock;
	}

	/**
	 * Returns the screen's name.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Connection', 'crossdock' );
	}

	/**
	 * Carries out the forms.
	 *
	 * @return void
	 */
	public function load(): void {
		wp_enqueue_script( 'crossdock-connection', $this->home->url( 'assets/connection.js' ), array(), $this->home->version(), true );
		$sent = Form::sent( 'connection-pair' );
		if ( null !== $sent ) {
			$this->done( $this->pairing->pair( Form::word( $sent, 'code' ) ), __( 'This site is connected. What happens on it is sent from now on.', 'crossdock' ) );
		}
		$sent = Form::sent( 'connection-hand' );
		if ( null !== $sent ) {
			$this->by_hand( $sent );
		}
		if ( null !== Form::sent( 'connection-leave' ) ) {
			$answer = $this->pairing->disconnect();
			$text   = Leaving::words( $answer );
			Flash::go( $answer->ok() ? 'success' : 'warning', $text, Menu::url( self::SLUG ) );
		}
		if ( null !== Form::sent( 'connection-test' ) ) {
			$this->results = $this->trial->all();
		}
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		$trouble = $this->credentials->trouble();
		if ( $this->credentials->paired() ) {
			$this->view->connected( $this->credentials->connection(), $trouble, $this->results );
		}
		$code = isset( $_GET['pair'] ) ? sanitize_text_field( wp_unslash( $_GET['pair'] ) ) : '';
		$this->view->forms( $code, $this->typed + array( 'hub' => $this->credentials->hub() ), $this->faults, $this->credentials->paired(), '' === $trouble );
	}

	/**
	 * Connects by address, key and secret.
	 *
	 * @param array<string, mixed> $sent What the form sent.
	 * @return void
	 */
	private function by_hand( array $sent ): void {
		$this->typed  = array( 'hub' => rtrim( Form::word( $sent, 'hub' ), '/' ), 'key' => Form::word( $sent, 'key' ) );
		$secret       = Form::word( $sent, 'secret' );
		$this->faults = ByHand::faults( $this->typed['hub'], $this->typed['key'], $secret, null !== $this->credentials->read() );
		if ( array() === $this->faults ) {
			$this->done( $this->pairing->by_hand( $this->typed['hub'], $this->typed['key'], $secret ), __( 'The hub knows this key: the site is connected.', 'crossdock' ) );
		}
	}

	/**
	 * Says what became of it and goes back to the screen.
	 *
	 * @param Answer $answer  The hub's answer.
	 * @param string $success What is said when it went well.
	 * @return void
	 */
	private function done( Answer $answer, string $success ): void {
		if ( $answer->ok() ) {
			Flash::go( 'success', $success, Menu::url( self::SLUG ) );
		}
		$words = Causes::words( new Diagnosis( $answer, $this->clock->now() ) );
		$text  = trim( $words['title'] . ' ' . $words['remedy'] . ( '' === $answer->detail() ? '' : ' (' . $answer->detail() . ')' ) );
		Flash::go( 'error', $text, Menu::url( self::SLUG ) );
	}
}
