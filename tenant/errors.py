"""The one error of a declaration."""


class DeclarationError(Exception):
    """A tenant's file that cannot be used; its text is one line for a person.

    The line names the file, the key, what was given and what is allowed.
    """

    def __init__(self, file: str, key: str, problem: str) -> None:
        self.file, self.key, self.problem = file, key, problem
        where = f"{file}: {key}" if key else file
        super().__init__(f"{where}: {problem}")
