<?php
/**
 * The composition root: which parts the plugin has.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock;

/**
 * Puts the parts together and lets each add its hooks.
 */
final class Plugin {

	/**
	 * Interface => the class that fulfils it in WordPress.
	 */
	private const BOUND = array(
		Wp\Clock::class     => Wp\SystemClock::class,
		Wp\Transport::class => Wp\Http::class,
	);

	/**
	 * The parts of every page, in the order in which they add their hooks. One line a part, by room.
	 */
	private const PARTS = array(
		// Setup.
		Setup\Activation::class,
		Setup\Upkeep::class,
		Setup\Updater::class,
		// Site.
		Site\Compatibility::class,
		Site\CopyWatch::class,
		Site\HazardWatch::class,
		Site\Probe::class,
		// Hub.
		Hub\AfterPairing::class,
		// Capture.
		Capture\Visits::class,
		Capture\Consent::class,
		Capture\ConsentForms::class,
		Capture\Users::class,
		Capture\Orders::class,
		Capture\Refunds::class,
		Capture\Products::class,
		Capture\CustomEvents::class,
		// Outbox.
		Outbox\Timetable::class,
		Outbox\Immediate::class,
		// Commands.
		Commands\Route::class,
		// Monitor.
		Monitor\Chores::class,
		// Mapping.
		Mapping\Telling::class,
	);

	/**
	 * The parts of the administration's pages: visitors do not pay for them.
	 */
	private const SCREENS = array(
		// Setup.
		Setup\PluginRow::class,
		Setup\TroubleNotice::class,
		// Site.
		Site\CopyNotice::class,
		// Settings.
		Settings\AsideNotice::class,
		// Hub.
		Hub\TrialAjax::class,
		// Monitor.
		Monitor\PauseNotice::class,
		Monitor\SiteHealth::class,
		// Admin.
		Admin\Menu::class,
		Admin\EditScreens::class,
		Admin\SendAgain::class,
		Admin\StoryAjax::class,
		// Privacy.
		Privacy\Tools::class,
	);

	/**
	 * The verbs of the command line.
	 */
	private const VERBS = array(
		Cli\Verbs::class,
		Outbox\Verbs::class,
		Cli\MonitorVerbs::class,
	);

	/**
	 * The container of this request.
	 *
	 * @var Container|null
	 */
	private static ?Container $container = null;

	/**
	 * Builds the parts and registers them.
	 *
	 * @param string $file The plugin's main file.
	 * @return void
	 */
	public static function boot( string $file ): void {
		if ( null !== self::$container ) {
			return;
		}
		self::$container = self::bare( $file );
		foreach ( self::parts() as $part ) {
			self::$container->get( $part )->register();
		}
	}

	/**
	 * Returns the parts that this request needs.
	 *
	 * @return array<int, class-string<Part>>
	 */
	private static function parts(): array {
		$verbs = defined( 'WP_CLI' ) && WP_CLI;
		// Site Health is looked at by cron as well, and both are used from the command line.
		$screens = is_admin() || wp_doing_cron() || $verbs;
		return array_merge( self::PARTS, $screens ? self::SCREENS : array(), $verbs ? self::VERBS : array() );
	}

	/**
	 * Returns a container whose parts are not registered: what a deleted plugin needs to clear up.
	 *
	 * @param string $file The plugin's main file.
	 * @return Container
	 */
	public static function bare( string $file ): Container {
		$container = new Container( self::BOUND );
		$container->put( Wp\Home::class, new Wp\Home( $file, CROSSDOCK_VERSION ) );
		return $container;
	}

	/**
	 * Returns the container of this request, for templates, WP-CLI and tests.
	 *
	 * @return Container
	 */
	public static function container(): Container {
		if ( null === self::$container ) {
			self::boot( CROSSDOCK_FILE );
		}
		return self::$container;
	}
}
