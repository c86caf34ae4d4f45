<?php // told: OneClass.Classes, OneClass.Loose
class One {}
class Two {}
