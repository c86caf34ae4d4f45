<?php
/**
 * Edits one mapping.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Documents\Found;
use Crossdock\Hub\Answer;
use Crossdock\Hub\Client;
use Crossdock\Mapping\Discovery;
use Crossdock\Mapping\Draft;

/**
 * Saves, previews and resets a mapping through the hub's API. When the hub refuses what was edited, or somebody else changed
 * it meanwhile, the form comes back as it was sent, with what is wrong.
 */
class MappingDesk {

	/**
	 * The way to the hub.
	 *
	 * @var Client
	 */
	private Client $client;

	/**
	 * Finds a real record for the preview.
	 *
	 * @var Discovery
	 */
	private Discovery $discovery;

	/**
	 * Which route is edited.
	 *
	 * @var string
	 */
	private string $route = '';

	/**
	 * The mapping as it was edited and not saved; null when the hub's is shown.
	 *
	 * @var \stdClass|null
	 */
	private ?\stdClass $draft = null;

	/**
	 * The version edited; empty for the newest.
	 *
	 * @var string
	 */
	private string $version = '';

	/**
	 * What the hub made of a record; null when it was not asked.
	 *
	 * @var Answer|null
	 */
	private ?Answer $preview = null;

	/**
	 * Why the hub did not save; null when it did or was not asked.
	 *
	 * @var Answer|null
	 */
	private ?Answer $refused = null;

	/**
	 * Notes what it needs.
	 *
	 * @param Client    $client    The way to the hub.
	 * @param Discovery $discovery Finds a real record for the preview.
	 */
	public function __construct( Client $client, Discovery $discovery ) {
		$this->client    = $client;
		$this->discovery = $discovery;
	}

	/**
	 * Carries out what the form sent.
	 *
	 * @param string $route The route.
	 * @return void
	 */
	public function load( string $route ): void {
		$this->route = $route;
		$back        = Menu::url( MappingPage::SLUG, array( 'route' => $route ) );
		if ( null !== Form::sent( 'mapping-reset' ) ) {
			$answer = $this->client->post( '/mappings/' . $route . '/reset', new \stdClass() );
			Flash::go( $answer->ok() ? 'success' : 'error', $answer->ok() ? __( 'The destination’s own mapping acts again. The edited one is kept in the hub as an older version.', 'crossdock' ) : HubWords::problem( $answer ), $back );
		}
		$sent = Form::sent( 'mapping-edit' );
		if ( null === $sent ) {
			return;
		}
		$given = json_decode( is_string( $sent['given'] ?? null ) ? $sent['given'] : '' );
		if ( ! $given instanceof \stdClass || 'whole' !== ( $sent['end'] ?? '' ) ) {
			Flash::go( 'error', __( 'Nothing was saved: the form did not arrive whole. Raise max_input_vars of PHP on this site and try again.', 'crossdock' ), $back );
		}
		$this->version = is_scalar( $sent['version'] ?? null ) ? (string) (int) $sent['version'] : '';
		$this->draft   = Draft::of( $given, Draft::rows( $sent ) );
		if ( 'preview' === ( $sent['do'] ?? '' ) ) {
			$this->look( is_scalar( $sent['record'] ?? null ) ? absint( $sent['record'] ) : 0 );
			return;
		}
		$answer = $this->client->put( '/mappings/' . $route, array( 'mapping' => $this->draft ), array( 'If-Match' => $this->version ) );
		if ( $answer->ok() ) {
			Flash::go( 'success', __( 'The mapping was saved and acts now.', 'crossdock' ), $back );
		}
		$this->refused = $answer;
	}

	/**
	 * Prints the editor.
	 *
	 * @return void
	 */
	public function show(): void {
		echo '<p><a href="' . esc_url( Menu::url( MappingPage::SLUG ) ) . '">' . esc_html__( '← All mappings', 'crossdock' ) . '</a></p>';
		$answer = $this->client->get( '/mappings/' . $this->route, array(), 15.0 );
		$whole  = json_decode( $answer->reply->body );
		if ( ! $answer->ok() || ! isset( $whole->data->mapping ) || ! $whole->data->mapping instanceof \stdClass ) {
			HubWords::notice( $answer );
			return;
		}
		$this->told( $answer );
		$mapping = $this->draft ?? $whole->data->mapping;
		$editor  = new MappingEditor( $answer->data, $this->site_fields( (string) ( $mapping->entity ?? '' ) ) );
		$editor->show( $mapping, '' === $this->version ? (string) (int) ( $whole->data->version ?? 0 ) : $this->version );
		if ( null !== $this->preview ) {
			MappingPreview::show( $this->preview );
		}
		echo '<h2>' . esc_html__( 'Back to the default', 'crossdock' ) . '</h2><p>' . esc_html__( 'Every destination brings a mapping of its own. Your present one is kept in the hub as an older version.', 'crossdock' ) . '</p>';
		Form::button( 'mapping-reset', __( 'Use the default mapping', 'crossdock' ), array(), 'button crossdock-danger' );
	}

	/**
	 * Prints why the hub did not save.
	 *
	 * @param Answer $newest The mapping as it stands in the hub.
	 * @return void
	 */
	private function told( Answer $newest ): void {
		if ( null === $this->refused ) {
			return;
		}
		if ( 412 === $this->refused->status || 'version-conflict' === $this->refused->code() ) {
			/* translators: 1: version that was edited, 2: version that acts now. */
			$words = sprintf( __( 'Somebody changed this mapping meanwhile: you edited version %1$s, version %2$s acts now. Nothing was saved. What you edited is still below: note what you need, then load the newest version.', 'crossdock' ), $this->version, (string) (int) ( $newest->data['version'] ?? 0 ) );
			echo '<div class="notice notice-warning inline" role="alert"><p>' . esc_html( $words ) . '</p><p><a class="button" href="' . esc_url( Menu::url( MappingPage::SLUG, array( 'route' => $this->route ) ) ) . '">' . esc_html__( 'Load the newest version', 'crossdock' ) . '</a></p></div>';
			return;
		}
		HubWords::notice( $this->refused );
	}

	/**
	 * Asks the hub what it would make of a record.
	 *
	 * @param int $id The record; 0 for the newest.
	 * @return void
	 */
	private function look( int $id ): void {
		$kind  = (string) ( $this->draft->entity ?? '' );
		$found = $this->discovery->document( $kind, $id );
		if ( null === $found || Found::DOCUMENT !== $found->what ) {
			$why           = null === $found || '' === $found->why ? __( 'There is no such record on this site.', 'crossdock' ) : $found->why;
			$this->preview = Answer::unasked( 'no-record', $why );
			return;
		}
		$this->preview = $this->client->post(
			'/mappings/' . $this->route . '/preview',
			array(
				'mapping' => $this->draft,
				'kind'    => $kind,
				'data'    => $found->data,
			)
		);
	}

	/**
	 * Returns the fields this site has, as the hub's paths name them.
	 *
	 * @param string $kind order, customer or product.
	 * @return array<int, array{path: string, type: string, sample: string}>
	 */
	private function site_fields( string $kind ): array {
		$fields = array();
		foreach ( $this->discovery->fields( $kind ) as $field ) {
			if ( 0 === strpos( $field['path'], 'meta_data.' ) ) {
				$fields[] = array( 'path' => 'meta.' . substr( $field['path'], 10 ) ) + $field;
			}
		}
		return $fields;
	}
}
