<?php
/**
 * What is read from cookies, names and meta.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Capture\Cookies;
use Crossdock\Capture\CustomEvent;
use Crossdock\Documents\Plain;
use Crossdock\Documents\Secrets;
use Crossdock\Outbox\Verdict;
use PHPUnit\Framework\TestCase;

/**
 * Cookies of Google Analytics, names of events, secrets in meta, a problem in words.
 */
final class CaptureRulesTest extends TestCase {

	public function test_the_client_id(): void {
		self::assertSame( '123456789.1700000001', Cookies::client( array( '_ga' => 'GA1.1.123456789.1700000001' ) ) );
		self::assertSame( '12.34', Cookies::client( array( '_ga' => 'GA1.2-2.12.34' ) ) );
		foreach ( array( array(), array( '_ga' => '' ), array( '_ga' => 'GA1.1.x.y' ), array( '_ga' => array( 'GA1.1.1.2' ) ), array( '_ga' => "GA1.1.1.2\n" ), array( '_ga' => 'GA1.1.1.2<script>' ) ) as $cookies ) {
			self::assertSame( '', Cookies::client( $cookies ) );
		}
	}

	public function test_the_session_id_in_both_forms_and_of_the_right_container(): void {
		$both = array(
			'_ga'     => 'GA1.1.1.2',
			'_ga_AAA' => 'GS1.1.1700000777.5.1.1700000780.0.0.0',
			'_ga_BBB' => 'GS2.1.s1700000888$o3$g1$t1700000900$j60$l0$h0',
		);
		self::assertSame( '1700000777', Cookies::session( $both ) );
		self::assertSame( '1700000888', Cookies::session( $both, 'G-BBB' ) );
		self::assertSame( '1700000777', Cookies::session( $both, 'g-aaa' ) );
		self::assertSame( '', Cookies::session( $both, 'G-CCC' ) );
		self::assertSame( '', Cookies::session( array( '_ga_X' => 'GS2.1.1700$o1' ) ) );
		self::assertSame( '', Cookies::session( array( '_ga_X' => 'GS1.1.abc.1' ) ) );
		self::assertSame( '', Cookies::session( array( 5 => 'x', '_ga_X' => array() ) ) );
	}

	public function test_names_of_events(): void {
		foreach ( array( 'assessment.completed', 'biomarker.updated', 'health_goal.created', 'a.b.c2', 'a.b.c.d' ) as $name ) {
			self::assertSame( '', CustomEvent::name_fault( $name ), $name );
		}
		foreach ( array( 'Assessment.completed', 'assessment', 'a..b', 'a.b.c.d.e', '.a', 'a.', 'a.1b', 'ä.b', "a.b\n", 'a b.c', str_repeat( 'a', 63 ) . '.b', null, 7, 'order.created', 'user.login', 'consent.given' ) as $name ) {
			self::assertNotSame( '', CustomEvent::name_fault( $name ), var_export( $name, true ) );
		}
	}

	public function test_secrets_in_meta_are_known_by_their_names(): void {
		foreach ( array( 'session_tokens', 'wp_capabilities', 'wp_2_user_level', '_application_passwords', 'my_api_key', 'ApiKey', 'reset_token', 'totp_secret', '_two_factor_totp_key', 'default_password_nag', 'wp_user-settings', 'activation_key', 'webauthn_credentials', 'stripe_consumer_key' ) as $key ) {
			self::assertTrue( Secrets::is( $key ), $key );
		}
		foreach ( array( 'shoe_size', 'crossdock_ga_session_id', 'crossdock_marketing_consent', 'billing_city', 'compass', 'keyword', 'description' ) as $key ) {
			self::assertFalse( Secrets::is( $key ), $key );
		}
		$left = Secrets::without( array( array( 'id' => 1, 'key' => 'a', 'value' => 1 ), array( 'id' => 2, 'key' => 'x_token', 'value' => 2 ), array( 'id' => 3, 'key' => 'b', 'value' => 3 ) ) );
		self::assertSame( array( 1, 3 ), array_column( $left, 'id' ) );
	}

	public function test_documents_are_plain_and_an_empty_object_stays_one(): void {
		$inside    = new stdClass();
		$inside->a = array( new stdClass() );
		self::assertSame( '{"x":{"a":[{}]},"y":[]}', json_encode( Plain::of( array( 'x' => $inside, 'y' => array() ) ) ) );
	}

	public function test_a_problem_in_words(): void {
		$problem = array(
			'detail'   => 'It is not valid.',
			'problems' => array(
				array( 'field' => 'data.total', 'rule' => 'is a decimal', 'remedy' => 'send a text' ),
				'nonsense',
			),
			'remedy'   => 'Look at the document.',
		);
		self::assertSame( 'It is not valid. · data.total: is a decimal (send a text) · Look at the document.', Verdict::words( $problem ) );
	}
}
