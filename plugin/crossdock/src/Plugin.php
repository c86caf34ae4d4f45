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
	 * The parts of the administration's pages, in the order in which they add their hooks: visitors do not pay for them. What
	 * every page listens to is in `Listeners`.
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
		// Outbox.
		Outbox\Timetable::class,
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
	 * Begins to listen, and adds the parts that this request needs.
	 *
	 * @param string $file The plugin's main file.
	 * @return void
	 */
	public static function boot( string $file ): void {
		if ( null !== self::$container ) {
			return;
		}
		self::$container = self::bare( $file );
		$listeners       = self::$container->get( Listeners::class );
		$listeners->register();
		$verbs = defined( 'WP_CLI' ) && WP_CLI;
		// Site Health is looked at by cron as well, both update plugins, and both are used from the command line.
		if ( is_admin() || wp_doing_cron() || $verbs ) {
			$listeners->load();
			foreach ( array_merge( self::SCREENS, $verbs ? self::VERBS : array() ) as $part ) {
				self::$container->get( $part )->register();
			}
		}
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
