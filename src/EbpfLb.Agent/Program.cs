using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Output;

var time = TimeProvider.System;
var kernel = new OwnedKernel(time);
var parts = new AgentParts(
    (options, loggers) => SourceOpener.Open(options, time, loggers),
    kernel.Open,
    new InstanceFinder(time),
    new InstanceRemover(),
    time)
{
    TakeOwnership = kernel.TakeAsync,
    SetOomScore = OomScore.Set,
    PrepareNode = NodePreparation.Run,
};
return await new CommandLine(parts, Terminal.OfProcess()).InvokeAsync(args);
