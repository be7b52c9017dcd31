"""A scheduler that steps through the angle between picture and noise."""

import math
from dataclasses import dataclass

import torch
from diffusers import ConfigMixin, SchedulerMixin
from diffusers.configuration_utils import register_to_config
from diffusers.schedulers import KarrasDiffusionSchedulers
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor


@dataclass
class EmberSchedulerOutput(BaseOutput):
    """What a step gives.

    Attributes:
        prev_sample: The sample at the next, lower noise level, of the shape of the sample given.
        pred_original_sample: The picture that the model sees in the sample given, of the same shape.

    """

    prev_sample: torch.Tensor
    pred_original_sample: torch.Tensor | None = None


class EmberScheduler(SchedulerMixin, ConfigMixin):
    r"""Second order in the angle of noise, with embers that glow and go out.

    A sample is `cos(a) picture + sin(a) noise`, and `a` its angle: nearly a right angle at the start, zero at the end.
    Along the way of an ideal model `d(sample / sin a) = picture d(cot a)`. A step solves that exactly for a predicted
    picture that changes linearly with the angle, and takes the slope from the step before: two orders of accuracy for
    one evaluation of the model. Angles, unlike ratios of noise to picture, have no infinite ends, so models trained to
    zero terminal SNR need no special care, and the last step simply arrives at zero.

    Embers: a step may go further down than its level and come back up with fresh noise. The strength of what it renews
    is `embers` times that of an ancestral sampler, times the sine of the angle: lively while the picture takes shape,
    quiet when details settle.

    Args:
        num_train_timesteps: Noise levels that the model was trained with.
        beta_start: The first beta.
        beta_end: The last beta.
        beta_schedule: `linear`, `scaled_linear` or `squaredcos_cap_v2`.
        trained_betas: The betas themselves, instead of a schedule.
        prediction_type: What the model predicts: `epsilon`, `v_prediction` or `sample`.
        rescale_betas_zero_snr: Whether the model was trained with betas rescaled so that the last level is pure noise.
        second_order: Whether a step takes the predicted picture to change, rather than to stay the same.
        ease: Spacing of the levels. 0: equal angles; 1: angles spaced as a cosine, close together at both ends; a
            mixture of the two between.
        embers: Noise renewed at each step, from 0 (none, deterministic) to 1.

    """

    _compatibles = [kind.name for kind in KarrasDiffusionSchedulers]  # noqa: RUF012 - as every scheduler of diffusers
    order = 1
    init_noise_sigma = 1.0

    @register_to_config
    def __init__(
        self,
        num_train_timesteps: int = 1000,
        beta_start: float = 0.00085,
        beta_end: float = 0.012,
        beta_schedule: str = "scaled_linear",
        trained_betas: list[float] | None = None,
        prediction_type: str = "epsilon",
        rescale_betas_zero_snr: bool = False,
        second_order: bool = True,
        ease: float = 0.5,
        embers: float = 0.0,
    ):
        if prediction_type not in ("epsilon", "v_prediction", "sample"):
            raise ValueError(f"`prediction_type` is {prediction_type!r}; it can be epsilon, v_prediction or sample.")
        if not 0 <= ease <= 1 or not 0 <= embers <= 1:
            raise ValueError(f"`ease` ({ease}) and `embers` ({embers}) lie between 0 and 1.")
        if trained_betas is None:
            betas = _betas(beta_schedule, beta_start, beta_end, num_train_timesteps)
        else:
            betas = torch.tensor(trained_betas, dtype=torch.float64)
        signal = (1 - betas).cumprod(0).sqrt()
        if rescale_betas_zero_snr:
            signal = (signal - signal[-1]) * signal[0] / (signal[0] - signal[-1])
        self.train_angles = signal.clamp(0, 1).arccos()
        self.timesteps = torch.arange(num_train_timesteps - 1, -1, -1, dtype=torch.float32)
        self.angles = [*self.train_angles.flip(0).tolist(), 0.0]
        self.num_inference_steps: int | None = None
        self._begin_index: int | None = None
        self._step_index: int | None = None
        self._last: tuple[float, torch.Tensor] | None = None

    def __len__(self) -> int:
        """Noise levels that the model was trained with."""
        return self.config.num_train_timesteps

    @property
    def step_index(self) -> int | None:
        """The step to come, once steps have begun."""
        return self._step_index

    @property
    def begin_index(self) -> int | None:
        """The step to begin with, where a pipeline said so."""
        return self._begin_index

    def set_begin_index(self, begin_index: int = 0) -> None:
        """Begin with another step than the first, as image-to-image does."""
        self._begin_index = begin_index

    def set_timesteps(self, num_inference_steps: int, device: str | torch.device | None = None) -> None:
        """Choose the noise levels of `num_inference_steps` steps, and forget what the last run left.

        `timesteps` (num_inference_steps,) are those the model is told, in training steps and falling, not always whole;
        `angles` are the same levels in radians, and zero.
        """
        if not isinstance(num_inference_steps, int) or num_inference_steps < 1:
            raise ValueError(f"`num_inference_steps` is {num_inference_steps!r}; it has to be a positive whole number.")
        even = torch.linspace(1, 0, num_inference_steps + 1, dtype=torch.float64)
        cosine = (1 - (math.pi * even).cos()) / 2
        levels = torch.lerp(even, cosine, self.config.ease) * self.train_angles[-1]
        lowest = self.train_angles[0]
        levels[:-1] = lowest + (levels[:-1] * (1 - lowest / self.train_angles[-1]))
        self.angles = levels.tolist()
        self.timesteps = self._timesteps_of(levels[:-1]).to(device=device, dtype=torch.float32)
        self.num_inference_steps = num_inference_steps
        self._step_index = self._begin_index = self._last = None

    def _timesteps_of(self, angles: torch.Tensor) -> torch.Tensor:
        """The place of each angle among those of the training, between two where it lies between."""
        above = torch.searchsorted(self.train_angles, angles).clamp(1, len(self.train_angles) - 1)
        low, high = self.train_angles[above - 1], self.train_angles[above]
        return above - 1 + ((angles - low) / (high - low)).clamp(0, 1)

    def _angles_of(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The angle of each training timestep."""
        places = timesteps.cpu().double().clamp(0, len(self.train_angles) - 1)
        low, high = (self.train_angles[whole.long()] for whole in (places.floor(), places.ceil()))
        return torch.lerp(low, high, places.frac())

    def index_for_timestep(self, timestep: float | torch.Tensor) -> int:
        """The step at whose level `timestep` is."""
        return int((self.timesteps - torch.as_tensor(timestep, device=self.timesteps.device)).abs().argmin())

    def scale_model_input(self, sample: torch.Tensor, timestep: float | torch.Tensor | None = None) -> torch.Tensor:
        """The sample as it is: it has the scale that models expect."""
        return sample

    def step(
        self,
        model_output: torch.Tensor,
        timestep: float | torch.Tensor,
        sample: torch.Tensor,
        generator: torch.Generator | list[torch.Generator] | None = None,
        return_dict: bool = True,
    ) -> EmberSchedulerOutput | tuple[torch.Tensor, torch.Tensor]:
        """Go from a noise level to the next.

        Args:
            model_output: What the model said of `sample`, of its shape (batch, channels, ...).
            timestep: Where the sample is: one of `timesteps`.
            sample: The sample.
            generator: Makes the embers reproducible.
            return_dict: Whether to return an output object rather than a tuple of the next sample and the picture seen.

        Raises:
            ValueError: If `set_timesteps` was not called, or all steps are done.

        """
        if self.num_inference_steps is None:
            raise ValueError("Call `set_timesteps` before `step`.")
        if self._step_index is None:
            self._step_index = self.index_for_timestep(timestep) if self._begin_index is None else self._begin_index
        if self._step_index >= self.num_inference_steps:
            raise ValueError(f"All {self.num_inference_steps} steps are done; call `set_timesteps` to begin anew.")
        here, target = self.angles[self._step_index : self._step_index + 2]
        renewed = self._renewed(here, target)
        landing = math.atan(math.tan(target) * math.sqrt(1 - renewed))

        picture = self._picture(model_output.float(), sample.float(), here)
        following = self._move(sample.float(), picture, here, landing)
        if renewed:
            noise = randn_tensor(sample.shape, generator=generator, device=sample.device, dtype=torch.float32)
            following = following * (math.cos(target) / math.cos(landing))
            following = following + math.sin(target) * math.sqrt(renewed) * noise
        self._last = (here, picture)
        self._step_index += 1
        following, picture = following.to(sample.dtype), picture.to(sample.dtype)
        return EmberSchedulerOutput(following, picture) if return_dict else (following, picture)

    def _picture(self, output: torch.Tensor, sample: torch.Tensor, angle: float) -> torch.Tensor:
        """The picture that the model sees, whatever it predicts."""
        if self.config.prediction_type == "sample":
            return output
        if self.config.prediction_type == "v_prediction":
            return math.cos(angle) * sample - math.sin(angle) * output
        return (sample - math.sin(angle) * output) / max(math.cos(angle), 1e-6)

    def _move(self, sample: torch.Tensor, picture: torch.Tensor, here: float, there: float) -> torch.Tensor:
        """Solve the way from one angle to a smaller one.

        The last step goes without slope: what two predictions say of the angle zero is mostly their noise, and a single
        step of first order does not cost the whole its second.
        """
        ratio = math.sin(there) / math.sin(here)
        moved = ratio * sample + (math.cos(there) - ratio * math.cos(here)) * picture
        if self._last is None or not self.config.second_order or there == 0:
            return moved
        before, earlier = self._last
        share = (there - here) * math.cos(there) - math.sin(there) * math.log(ratio)
        return moved + share / (here - before) * (picture - earlier)

    def _renewed(self, here: float, there: float) -> float:
        """The share of the noise variance at the level to come that is fresh noise."""
        kept = (math.tan(there) / math.tan(here)) ** 2
        return (self.config.embers * math.sin(there)) ** 2 * (1 - kept)

    def add_noise(self, original_samples: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        """Mix pictures (batch, ...) with noise to the levels of `timesteps` (batch,), in training steps."""
        signal, noise_share = self._shares(original_samples, timesteps)
        return signal * original_samples + noise_share * noise

    def get_velocity(self, sample: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        """What a model that predicts v is to say: the change of the sample with the angle."""
        signal, noise_share = self._shares(sample, timesteps)
        return signal * noise - noise_share * sample

    def _shares(self, like: torch.Tensor, timesteps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        angles = self._angles_of(timesteps).reshape(-1, *[1] * (like.ndim - 1))
        return angles.cos().to(like.device, like.dtype), angles.sin().to(like.device, like.dtype)


def _betas(schedule: str, start: float, end: float, count: int) -> torch.Tensor:
    if schedule == "linear":
        return torch.linspace(start, end, count, dtype=torch.float64)
    if schedule == "scaled_linear":
        return torch.linspace(start**0.5, end**0.5, count, dtype=torch.float64) ** 2
    if schedule == "squaredcos_cap_v2":
        signal = ((torch.linspace(0, 1, count + 1, dtype=torch.float64) + 0.008) / 1.008 * math.pi / 2).cos() ** 2
        return (1 - signal[1:] / signal[:-1]).clamp(max=0.999)
    raise ValueError(f"`beta_schedule` is {schedule!r}; it can be linear, scaled_linear or squaredcos_cap_v2.")
