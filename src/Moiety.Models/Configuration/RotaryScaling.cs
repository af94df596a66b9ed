namespace Moiety.Models.Configuration;

/// <summary>A change of the rotary frequencies that lets a model read further than it was trained; one derived record for each published rule.</summary>
public abstract record RotaryScaling;
