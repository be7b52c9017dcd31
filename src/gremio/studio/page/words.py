"""The words of the page, in the languages that it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

Language = Literal["en", "es"]

_WORDS: Mapping[str, tuple[str, str]] = {
    "studio": ("studio", "estudio"),
    "find": ("What do you want to make?", "¿Qué quieres hacer?"),
    "find_hint": ("words, a task, an argument …", "palabras, una tarea, un argumento …"),
    "task": ("Task", "Tarea"),
    "any": ("any", "cualquiera"),
    "runs_here": ("runs here, as a check found", "funciona aquí, según una prueba"),
    "nothing": ("Nothing has these words.", "Nada tiene esas palabras."),
    "more_found": (
        "There are more; add a word.",
        "Hay más; añade una palabra.",
    ),
    "more_sync": (
        "More to find: gremio catalog sync fills the catalogue with Diffusers' community folder.",
        "Para encontrar más: gremio catalog sync llena el catálogo con la carpeta de la comunidad de Diffusers.",
    ),
    "open_ref": ("Or name one", "O nombra uno"),
    "open_hint": ("a community pipeline's name, or owner/repo", "el nombre de un pipeline, o propietario/repo"),
    "open": ("Open", "Abrir"),
    "back": ("All pipelines", "Todos los pipelines"),
    "by": ("by", "de"),
    "missing": ("needs packages that are not here", "necesita paquetes que no están"),
    "shelf": ("from the shelf", "del estante"),
    "community": ("Diffusers' community", "comunidad de Diffusers"),
    "hub": ("the Hub", "el Hub"),
    "local": ("this machine", "esta máquina"),
    "approved": ("approved here", "aprobado aquí"),
    "model": ("Model", "Modelo"),
    "model_hint": ("owner/repo on the Hub", "propietario/repo en el Hub"),
    "use": ("Use it", "Usar"),
    "demo_model": ("the small model that comes along", "el modelo pequeño que viene incluido"),
    "no_model": (
        "A community pipeline has no weights of its own: choose a model.",
        "Un pipeline de la comunidad no tiene pesos propios: elige un modelo.",
    ),
    "code": ("The code and its review", "El código y su revisión"),
    "comes_from": ("from", "de"),
    "digest": ("digest", "resumen"),
    "found_none": (
        "The review found nothing to look at. It reads what code could do; it proves nothing.",
        "La revisión no encontró nada que mirar. Lee lo que el código podría hacer; no prueba nada.",
    ),
    "high": ("a person has to look", "alguien tiene que mirarlo"),
    "medium": ("worth knowing", "conviene saberlo"),
    "low": ("said for completeness", "dicho para que no falte"),
    "lacks": ("Before it can run, on this machine:", "Antes de que pueda funcionar, en esta máquina:"),
    "ask": ("May this code run?", "¿Puede ejecutarse este código?"),
    "ask_about": (
        "It would have the rights of this process: files, network, everything. Nobody has allowed it here yet.",
        "Tendría los permisos de este proceso: archivos, red, todo. Nadie lo ha permitido aquí todavía.",
    ),
    "changed": ("Changed since it was last used", "Ha cambiado desde la última vez"),
    "source": ("Its source", "Su código fuente"),
    "yes": ("Let exactly this code run", "Dejar que se ejecute exactamente este código"),
    "allowed": ("It may run now.", "Ya puede ejecutarse."),
    "sandbox": ("In the sandbox, where it can reach nothing", "En el aislamiento, donde no alcanza nada"),
    "sandbox_about": (
        "Slower to start; needs no trust. No previews, no comparing.",
        "Tarda más en empezar; no necesita confianza. Sin vistas previas ni comparación.",
    ),
    "seed": ("Seed", "Semilla"),
    "seed_about": (
        "The same seed gives the same picture; empty means another each time.",
        "La misma semilla da la misma imagen; vacía, otra cada vez.",
    ),
    "more": ("Everything else", "Todo lo demás"),
    "left_out": ("Not in this form", "Fuera de este formulario"),
    "left_default": ("stay as the code has them", "quedan como los tiene el código"),
    "lacking": (
        "No form can call this: it needs {names}. Call it from Python.",
        "Ningún formulario puede llamarlo: necesita {names}. Llámalo desde Python.",
    ),
    "draw": ("Draw", "Dibujar"),
    "again": ("Again, another seed", "Otra vez, con otra semilla"),
    "cancel": ("Cancel", "Cancelar"),
    "compare": ("Side by side with", "Lado a lado con"),
    "compare_about": (
        "Another pipeline over the same weights, with the same values and seed; no second copy.",
        "Otro pipeline sobre los mismos pesos, con los mismos valores y semilla; sin segunda copia.",
    ),
    "none": ("nothing", "nada"),
    "required": ("needed", "necesario"),
    "mask_drawn": (
        "Put a picture here and paint over what is to change.",
        "Pon una imagen y pinta lo que ha de cambiar.",
    ),
    "mask_file": ("the mask as a file, white where it changes", "la máscara como archivo, blanca donde cambia"),
    "lines": ("(Several lines are several prompts.)", "(Varias líneas son varios prompts.)"),
    "tensors": ("Tensors, as files", "Tensores, como archivos"),
    "tensors_about": (
        ".npy or .safetensors, each with one tensor and named by what it is for: {names}.",
        ".npy o .safetensors, cada uno con un tensor y con el nombre de aquello para lo que es: {names}.",
    ),
    "several": ("several files, in their order", "varios archivos, en su orden"),
    "as_json": ("as JSON", "como JSON"),
    "default": ("the code's own", "el del código"),
    "yes_word": ("yes", "sí"),
    "no_word": ("no", "no"),
    "waiting": ("Waiting: {count} before you.", "En espera: {count} antes que tú."),
    "loading": ("Loading the model …", "Cargando el modelo …"),
    "drawing": ("Drawing", "Dibujando"),
    "step": ("step {done} of {total}", "paso {done} de {total}"),
    "step_only": ("step {done}", "paso {done}"),
    "left": ("about {seconds} s left", "faltan unos {seconds} s"),
    "elapsed": ("{seconds} s so far", "{seconds} s hasta ahora"),
    "cancelled": ("Cancelled.", "Cancelado."),
    "failed": ("It did not work.", "No ha funcionado."),
    "done": ("Done in {seconds} s, seed {seed}.", "Hecho en {seconds} s, semilla {seed}."),
    "unloaded": ("To make room, this was unloaded: {what}", "Para hacer sitio se descargó de memoria: {what}"),
    "shared": (
        "{count} components are shared; nothing was loaded twice.",
        "Se comparten {count} componentes; nada se cargó dos veces.",
    ),
    "not_taken": ("It takes no {names}, which were left out.", "No admite {names}, que se dejaron fuera."),
    "download": ("Download", "Descargar"),
    "as_command": ("As a command", "Como comando"),
    "as_python": ("As Python", "Como Python"),
    "copy": ("Copy", "Copiar"),
    "copy_about": (
        "Each makes the same file again, byte by byte.",
        "Cada uno vuelve a hacer el mismo archivo, byte por byte.",
    ),
    "inputs": ("with these beside it", "con esto al lado"),
    "history": ("What you made", "Lo que has hecho"),
    "empty": ("Nothing yet. What you draw comes here.", "Nada aún. Aquí aparece lo que dibujes."),
    "ended": ("This page is too old. Reload it.", "Esta página es demasiado antigua. Recárgala."),
    "result": ("Result", "Resultado"),
}


def language(wanted: str, header: str) -> Language:
    """What was asked for in the address, else the first that the browser would like and the page speaks."""
    known = get_args(Language)
    if wanted in known:
        return cast(Language, wanted)
    liked = (each.partition(";")[0].strip()[:2].lower() for each in header.split(","))
    return cast(Language, next((each for each in liked if each in known), "en"))


class Words:
    """The words of one language: ``words("draw")``."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = get_args(Language).index(language)

    def __call__(self, name: str, **values: object) -> str:
        """In this language, with values put in."""
        return _WORDS[name][self._column].format(**values)
