"""Text, image and speech encoders: the class of each configuration, and the configuration."""

from __future__ import annotations

from typing import Any

from gremio.checking.tiny.defaults.sizes import GLM_WIDTH, PIXELS, WIDTH

_BODY: dict[str, Any] = {
    "hidden_size": WIDTH,
    "intermediate_size": WIDTH,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    # Enough that a changed word changes the picture.
    "initializer_range": 0.2,
}
_DECODER = _BODY | {"num_key_value_heads": 4, "head_dim": 8, "max_position_embeddings": 1024}
_CLIP_TEXT = _BODY | {"projection_dim": WIDTH, "max_position_embeddings": 77}
_VISION = _BODY | {"image_size": PIXELS, "patch_size": 32}
_CLIP_VISION = _VISION | {"projection_dim": WIDTH}
_T5 = {"d_model": WIDTH, "d_kv": 8, "d_ff": WIDTH, "num_layers": 2, "num_heads": 4, "dropout_rate": 0.0}
_BERT = _BODY | {"max_position_embeddings": 512}
_SEQUENCE = {
    "d_model": WIDTH,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": WIDTH,
    "decoder_ffn_dim": WIDTH,
    "dropout": 0.0,
    "init_std": 0.2,
}

ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "CLIPTextModel": ("CLIPTextConfig", _CLIP_TEXT),
    "CLIPTextModelWithProjection": ("CLIPTextConfig", _CLIP_TEXT),
    "CLIPVisionModel": ("CLIPVisionConfig", _CLIP_VISION),
    "CLIPVisionModelWithProjection": ("CLIPVisionConfig", _CLIP_VISION),
    "CLIPModel": (
        "CLIPConfig",
        {"text_config": _CLIP_TEXT, "vision_config": _CLIP_VISION, "projection_dim": WIDTH},
    ),
    "CLIPSegForImageSegmentation": (
        "CLIPSegConfig",
        {
            "text_config": _CLIP_TEXT,
            "vision_config": _VISION,
            "projection_dim": WIDTH,
            "reduce_dim": 16,
            "decoder_num_attention_heads": 2,
            "decoder_intermediate_size": WIDTH,
            "extract_layers": (0, 1, 2),
        },
    ),
    "SiglipVisionModel": ("SiglipVisionConfig", _VISION),
    "T5EncoderModel": ("T5Config", _T5),
    "UMT5EncoderModel": ("UMT5Config", _T5),
    "BertModel": ("BertConfig", _BERT),
    "BertForSequenceClassification": ("BertConfig", _BERT | {"id2label": {0: "en", 1: "es"}}),
    "ChatGLMModel": (
        "ChatGLMConfig",
        {
            "num_layers": 2,
            "padded_vocab_size": 256,
            "hidden_size": GLM_WIDTH,
            "ffn_hidden_size": 32,
            "kv_channels": 8,
            "num_attention_heads": 4,
            "multi_query_attention": True,
            "multi_query_group_num": 2,
            "seq_length": 512,
            "add_qkv_bias": True,
            "rmsnorm": True,
            "original_rope": True,
        },
    ),
    "LlamaModel": ("LlamaConfig", _DECODER),
    "LlamaForCausalLM": ("LlamaConfig", _DECODER),
    "GemmaModel": ("GemmaConfig", _DECODER),
    "Gemma2Model": ("Gemma2Config", _DECODER),
    "Qwen2Model": ("Qwen2Config", _DECODER),
    "Qwen3Model": ("Qwen3Config", _DECODER),
    "MBartForConditionalGeneration": ("MBartConfig", _SEQUENCE | {"max_position_embeddings": 1024}),
    "WhisperForConditionalGeneration": (
        "WhisperConfig",
        _SEQUENCE
        | {"num_mel_bins": 80, "max_source_positions": 1500, "max_target_positions": 64, "decoder_start_token_id": 0},
    ),
}
