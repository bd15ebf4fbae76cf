"""What a batch is trained for, where that is not every next token: a loss beside the model, not inside it.

A BatchRunner runs an objective as it runs a model. An objective has the model's config and params, and of
its own n_counted, loss and loss_and_grads, whose arguments are those of LanguageModel's.
"""


class Objective:
    """The model that is trained, as the objectives here share it."""

    def __init__(self, model):
        self.model = model

    @property
    def config(self):
        return self.model.config

    @property
    def params(self):
        return self.model.params

    def trained_params(self):
        return self.model.trained_params()
