<?php
/**
 * Leaving for good.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Hub\Credentials;
use Crossdock\Hub\Pairing;

/**
 * Removes everything the plugin has put into the sites of this installation: tables, options, meta of users and orders,
 * schedules, the capability. Refuses while changes wait that the hub does not have, unless a person has confirmed their loss.
 */
class Removal {

	/**
	 * The option and the field of a form that confirm the loss of what was not sent; the constant is its name in capitals.
	 */
	public const CONFIRM = 'crossdock_remove_unsent';

	/**
	 * Seconds that a hub is given to take our leave.
	 */
	private const LEAVE_S = 3.0;

	/**
	 * The sites.
	 *
	 * @var Sites
	 */
	private Sites $sites;

	/**
	 * The tables.
	 *
	 * @var Tables
	 */
	private Tables $tables;

	/**
	 * What runs by itself.
	 *
	 * @var Schedules
	 */
	private Schedules $schedules;

	/**
	 * Who may manage the plugin.
	 *
	 * @var Capability
	 */
	private Capability $capability;

	/**
	 * Options and meta.
	 *
	 * @var Traces
	 */
	private Traces $traces;

	/**
	 * What takes leave of the hub.
	 *
	 * @var Pairing
	 */
	private Pairing $pairing;

	/**
	 * What the site proves itself with.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * Hubs that did not answer: they are not asked again.
	 *
	 * @var array<string, bool>
	 */
	private array $silent = array();

	/**
	 * Takes what it works with.
	 *
	 * @param Sites       $sites       The sites.
	 * @param Tables      $tables      The tables.
	 * @param Schedules   $schedules   What runs by itself.
	 * @param Capability  $capability  Who may manage the plugin.
	 * @param Traces      $traces      Options and meta.
	 * @param Pairing     $pairing     What takes leave of the hub.
	 * @param Credentials $credentials What the site proves itself with.
	 */
	public function __construct( Sites $sites, Tables $tables, Schedules $schedules, Capability $capability, Traces $traces, Pairing $pairing, Credentials $credentials ) {
		$this->sites       = $sites;
		$this->tables      = $tables;
		$this->schedules   = $schedules;
		$this->capability  = $capability;
		$this->traces      = $traces;
		$this->pairing     = $pairing;
		$this->credentials = $credentials;
	}

	/**
	 * Returns how many changes of all sites would be lost.
	 *
	 * @return int
	 */
	public function unsent(): int {
		$count = 0;
		$this->sites->each(
			function () use ( &$count ): void {
				$count += $this->tables->unsent();
			}
		);
		return $count;
	}

	/**
	 * Tells whether a person has confirmed that what was not sent may be lost.
	 *
	 * @return bool
	 */
	public function confirmed(): bool {
		return ( defined( 'CROSSDOCK_REMOVE_UNSENT' ) && CROSSDOCK_REMOVE_UNSENT ) || (bool) get_option( self::CONFIRM );
	}

	/**
	 * Removes everything from every site.
	 *
	 * @return void
	 */
	public function run(): void {
		$this->sites->each( array( $this, 'clear' ) );
		$this->traces->of_users();
		delete_site_option( self::CONFIRM );
	}

	/**
	 * Removes everything from the present site.
	 *
	 * @return void
	 */
	public function clear(): void {
		$this->take_leave();
		$this->schedules->stop();
		$this->schedules->erase();
		$this->tables->drop();
		$this->capability->take();
		$this->traces->of_site();
	}

	/**
	 * Tells the hub that the site is going; a hub that does not answer keeps a key that nobody has.
	 *
	 * @return void
	 */
	private function take_leave(): void {
		$hub = $this->credentials->hub();
		if ( '' !== $hub && ! isset( $this->silent[ $hub ] ) ) {
			$answer = $this->pairing->disconnect( self::LEAVE_S );
			if ( 'unreachable' === $answer->code() ) {
				$this->silent[ $hub ] = true;
			}
		}
	}
}
