"""One wrong line for every claim: what each claim of the course protects you from.

A claim that no wrong line can break claims nothing.  So each entry puts one mistake into a copy of
the package, a mistake that people make, and says which claims must fail then.  `test_mutations.py`
runs them.

`right` occurs exactly once in the file.  `caught_by` lists, by chapter, how the titles of claims
begin; an empty title stands for anything else on that page, an exercise or an output.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    mistake: str
    file: str
    right: str
    wrong: str
    caught_by: dict[str, list[str]]


# The products of `rnn_cell`, which the other two cells have as well.
RNN_CELL = (
    "    input_gates = nn.functional.linear(input, weight_ih, bias_ih)\n"
    "    hidden_gates = nn.functional.linear(hx, weight_hh, bias_hh)\n"
    "    gates = input_gates + hidden_gates"
)

MUTATIONS = [
    # A linear layer over time
    Mutation(
        "the weight is not transposed",
        "linear_layer.py",
        right="input @ weight.T",
        wrong="input @ weight",
        caught_by={"linear-layer-over-time": [""]},
    ),
    Mutation(
        "the bias is forgotten",
        "linear_layer.py",
        right="return product + bias",
        wrong="return product",
        caught_by={
            "layers": ["`linear` is"],
            "linear-layer-over-time": [""],
            "rnn-by-hand": ["our head after our layer"],
        },
    ),
    Mutation(
        "the steps come back from the last to the first",
        "linear_layer.py",
        right="[step(x_t) for x_t in input.unbind(dim=1)]",
        wrong="[step(x_t) for x_t in input.flip(1).unbind(dim=1)]",
        caught_by={
            "linear-layer-over-time": ["all steps at once", "one sample at a time"],
        },
    ),
    Mutation(
        "a step also sees the steps before it",
        "linear_layer.py",
        right="[step(x_t) for x_t in input.unbind(dim=1)]",
        wrong="[step(x_t) for x_t in input.cumsum(1).unbind(dim=1)]",
        caught_by={"linear-layer-over-time": ["all steps at once", "a step's output depends"]},
    ),
    # Comparing
    Mutation(
        "each element is measured by its own size",
        "compare.py",
        right="finfo.eps * largest.clamp(min=finfo.tiny)",
        wrong="finfo.eps * theirs[index].abs().clamp(min=finfo.tiny)",
        caught_by={
            "comparison": ["`assert_close` measures every element"],
            "zero-difference": [r"$16\varepsilon$ pass"],
        },
    ),
    Mutation(
        "only what is too large counts as off",
        "compare.py",
        right="(ours - theirs).abs(), theirs.abs().max()",
        wrong="(ours - theirs), theirs.abs().max()",
        caught_by={"zero-difference": [r"$16\varepsilon$ pass"]},
    ),
    Mutation(
        "NaN is no difference",
        "compare.py",
        right="if not off <= eps:",
        wrong="if off > eps:",
        caught_by={"zero-difference": [""]},
    ),
    Mutation(
        "differences keep their signs",
        "compare.py",
        right="(actual.to(wide) - expected.to(wide)).abs().max()",
        wrong="(actual.to(wide) - expected.to(wide)).max()",
        caught_by={"bidirectional": [""], "zero-difference": [""]},
    ),
    Mutation(
        "the mean of the signed differences, as people often compare",
        "compare.py",
        right="(actual.to(wide) - expected.to(wide)).abs().max()",
        wrong="(actual.to(wide) - expected.to(wide)).mean()",
        caught_by={
            "linear-layer-over-time": ["a step's output depends"],
            "bidirectional": ["the last input moves every step"],
        },
    ),
    Mutation(
        "negative floats are counted as if they were positive",
        "compare.py",
        right="torch.where(x < 0, -magnitude, magnitude)",
        wrong="magnitude",
        caught_by={
            "comparison": ["`ulp_distance` counts"],
        },
    ),
    # A loop with memory
    Mutation(
        "the state is not carried over",
        "memory.py",
        right="return input @ w_input + hx @ w_state",
        wrong="return input @ w_input",
        caught_by={
            "memory": ["an input reaches its own state", "the final state is the sum"],
            "one-matmul": ["one step with the joined weight", "over sixteen steps"],
        },
    ),
    Mutation(
        "the carrying matrix is transposed",
        "memory.py",
        right="+ hx @ w_state",
        wrong="+ hx @ w_state.T",
        caught_by={
            "memory": ["the final state is the sum"],
            "one-matmul": [
                "with the products of all inputs",
                "over sixteen steps",
                "with tanh the loops agree",
            ],
            "zero-difference": ["at each step, relative to the state"],
        },
    ),
    Mutation(
        "the first step starts from ones",
        "loops.py",
        right="states = []",
        wrong="states, hx = [], torch.ones_like(hx)",
        caught_by={"memory": ["the first state is the first input", "two halves"]},
    ),
    Mutation(
        "a given initial state is ignored",
        "loops.py",
        right="states = []",
        wrong="states, hx = [], torch.zeros_like(hx)",
        caught_by={
            "memory": ["two halves"],
            "truncated-bptt": ["in windows, the states", "windows over streams"],
        },
    ),
    Mutation(
        "each step keeps the state from before it",
        "loops.py",
        right="hx = step(x_t, hx)\n        states.append(hx)",
        wrong="states.append(hx)\n        hx = step(x_t, hx)",
        caught_by={
            "memory": ["the first state is the first input", "with a carrying matrix of zeros"],
            "rnn-by-hand": ["a loop of steps"],
        },
    ),
    Mutation(
        "the loop begins at the second step, and the first comes last",
        "loops.py",
        right="input.unbind(dim=1)",
        wrong="input.roll(-1, dims=1).unbind(dim=1)",
        caught_by={
            "memory": ["the first state is the first input", "with a carrying matrix of zeros"],
            "rnn-by-hand": ["a loop of steps"],
        },
    ),
    Mutation(
        "the final state is the first one",
        "loops.py",
        right="return torch.stack(states, dim=1), states[-1]",
        wrong="return torch.stack(states, dim=1), states[0]",
        caught_by={
            "regularising": ["a layer of minimal gated units"],
            "memory": ["the first state is the first input"],
            "stacked": ["`h_n[0]` is the last step", "finishing a step first"],
            "symptoms": ["`h_n` of a packed batch"],
        },
    ),
    # One matmul instead of two
    Mutation(
        "state and input are joined in the wrong order",
        "memory.py",
        right="torch.cat([input, hx], dim=1)",
        wrong="torch.cat([hx, input], dim=1)",
        caught_by={
            "one-matmul": [
                "one step with the joined weight",
                "with tanh the loops agree",
                "the joined weights of an `nn.RNN`",
            ]
        },
    ),
    Mutation(
        "state and input are joined along the batch",
        "memory.py",
        right="torch.cat([input, hx], dim=1)",
        wrong="torch.cat([input, hx], dim=0)",
        caught_by={"one-matmul": ["the joined weights of an `nn.RNN`"]},
    ),
    # Anatomy of nn.RNN
    Mutation(
        "every layer reads the input",
        "parameters.py",
        right="input_size if layer == 0 else shown * len(suffixes)",
        wrong="input_size",
        caught_by={
            "parameters": ["names, shapes"],
            "anatomy": ["`parameter_shapes` lists"],
            "deep-and-bidirectional": ["names, order and shapes"],
        },
    ),
    Mutation(
        "a layer above the first reads one direction only",
        "parameters.py",
        right="else shown * len(suffixes)",
        wrong="else shown",
        caught_by={
            "parameters": ["names, shapes"],
            "deep-and-bidirectional": ["names, order and shapes"],
        },
    ),
    Mutation(
        "the reverse direction comes first",
        "parameters.py",
        right='suffixes = ["", "_reverse"]',
        wrong='suffixes = ["_reverse", ""]',
        caught_by={
            "deep-and-bidirectional": ["names, order and shapes"],
        },
    ),
    # nn.RNN by hand
    Mutation(
        "the tanh is left out",
        "cells.py",
        right="return torch.tanh(gates) if",
        wrong="return gates if",
        caught_by={
            "cells": ["`rnn_cell` is"],
            "cell-modules": ["`RNNCell` is"],
            "rnn-by-hand": ["one step is", "a loop of steps", "the gradients"],
            "stacked": ["`stack` with our layers"],
            "bidirectional": ["two layers, one of them between two flips"],
            "deep-and-bidirectional": ["with the crossing halves at zero"],
            "truncated-bptt": ["one step at a time"],
        },
    ),
    Mutation(
        "the relu is left out",
        "cells.py",
        right="else torch.relu(gates)",
        wrong="else gates",
        caught_by={"rnn-by-hand": [""]},
    ),
    Mutation(
        "the bias of the input is left out",
        "cells.py",
        right=RNN_CELL,
        wrong=RNN_CELL.replace(", bias_ih", ""),
        caught_by={"rnn-by-hand": ["one step is"]},
    ),
    Mutation(
        "the bias of the state is left out",
        "cells.py",
        right=RNN_CELL,
        wrong=RNN_CELL.replace(", bias_hh", ""),
        caught_by={
            "rnn-by-hand": ["one step is"],
            "stacked": ["with a dropout of one"],
            "symptoms": ["with one layer `dropout` changes nothing"],
        },
    ),
    Mutation(
        "the weight of the state is transposed",
        "cells.py",
        right=RNN_CELL,
        wrong=RNN_CELL.replace("weight_hh", "weight_hh.T"),
        caught_by={
            "regularising": ["for one sequence, locked dropout", "the gradient of a tied"],
            "rnn-by-hand": ["one step is"],
            "stacked": ["`stack` with our layers"],
        },
    ),
    Mutation(
        "the layer does not hand its nonlinearity on",
        "loops.py",
        right="        nonlinearity=nonlinearity,\n",
        wrong="",
        caught_by={"layers": ["`rnn_layer` is"], "rnn-by-hand": [""]},
    ),
    Mutation(
        "gradients stop at every step",
        "loops.py",
        right="        hx = step(x_t, hx)\n",
        wrong="        hx = step(x_t, hx.detach())\n",
        caught_by={
            "rnn-by-hand": ["the gradients"],
            "truncated-bptt": ["all pairs sum", "retained graphs", "between resets"],
            "vanishing-gradients": ["our gradients, clipped in two lines"],
        },
    ),
    # A network that writes
    Mutation(
        "the number of a letter is off by one in its one-hot row",
        "a-network-that-writes.md",
        right="picked = one_hot(inputs, len(letters))",
        wrong="picked = one_hot((inputs + 1) % len(letters), len(letters))",
        caught_by={"a-network-that-writes": ["a one-hot input"]},
    ),
    Mutation(
        "the network that writes starts each call from zeros",
        "a-network-that-writes.md",
        right="        if hx is None:\n",
        wrong="        if True:\n",
        caught_by={"a-network-that-writes": ["letter by letter"]},
    ),
    Mutation(
        "the network that writes sees the letter that it is to predict",
        "a-network-that-writes.md",
        right="        return self.head(states), hx\n",
        wrong="        return self.head(states.roll(-1, dims=1)), hx\n",
        caught_by={"a-network-that-writes": ["a letter moves no score"]},
    ),
    # Stacked
    Mutation(
        "every layer starts from the first layer's state",
        "depth.py",
        right="layer(input, h_0)",
        wrong="layer(input, hx[0])",
        caught_by={
            "layers": ["`stack` around"],
            "stacked": ["two one-layer `nn.RNN`s", "finishing a step first"],
        },
    ),
    Mutation(
        "every layer starts from ones",
        "depth.py",
        right="layer(input, h_0)",
        wrong="layer(input, torch.ones_like(h_0))",
        caught_by={"layers": ["`stack` around"]},
    ),
    Mutation(
        "the final states come from the top down",
        "depth.py",
        right="tuple(final_states)",
        wrong="tuple(final_states[::-1])",
        caught_by={"stacked": ["two one-layer `nn.RNN`s", "`h_n[0]` is the last step"]},
    ),
    # Bidirectional
    Mutation(
        "the input is not flipped before the reverse layer",
        "directions.py",
        right="layer(input.flip(1), hx)",
        wrong="layer(input, hx)",
        caught_by={
            "bidirectional": [
                "two layers, one of them between two flips",
                "two one-way `nn.RNN`s",
                "the last input moves every step",
            ]
        },
    ),
    Mutation(
        "the output of the reverse layer is not flipped back",
        "directions.py",
        right="return output.flip(1), h_n",
        wrong="return output, h_n",
        caught_by={
            "bidirectional": ["two layers, one of them between two flips", "the final states are"],
            "deep-and-bidirectional": [
                "four layers in two directions",
                "`state_index` names the row",
            ],
        },
    ),
    Mutation(
        "the reverse features stand first",
        "directions.py",
        right="torch.cat([output_forward, output_reverse], dim=-1)",
        wrong="torch.cat([output_reverse, output_forward], dim=-1)",
        caught_by={
            "layers": ["`bidirectional` around"],
            "modules": ["`RNN` is"],
            "bidirectional": ["two one-way `nn.RNN`s", "the final states are"],
        },
    ),
    Mutation(
        "the final states are swapped",
        "directions.py",
        right="(h_forward, h_reverse)",
        wrong="(h_reverse, h_forward)",
        caught_by={"bidirectional": ["the final states are", "`h_n`, batch first"]},
    ),
    Mutation(
        "the reverse layer gets the forward parameters",
        "parameters.py",
        right="{'_reverse' if reverse else ''}",
        wrong="",
        caught_by={
            "bidirectional": ["at the last step the reverse direction"],
            "symptoms": ["the reverse half of the last output"],
            "deep-and-bidirectional": ["four layers in two directions"],
        },
    ),
    # Deep and bidirectional
    Mutation(
        "every layer gets the first layer's parameters",
        "plain_rnn.py",
        right="layer_parameters(parameters, k, r)",
        wrong="layer_parameters(parameters, 0, r)",
        caught_by={"deep-and-bidirectional": [""]},
    ),
    Mutation(
        "initial states are read direction by direction, not layer by layer",
        "plain_rnn.py",
        right="torch.unflatten(hx, 0, (num_layers, 2))",
        wrong="torch.unflatten(hx, 0, (2, num_layers)).transpose(0, 1)",
        caught_by={"deep-and-bidirectional": ["four layers in two directions"]},
    ),
    Mutation(
        "final states are written direction by direction, not layer by layer",
        "plain_rnn.py",
        right="[h_n for pair in pairs for h_n in pair]",
        wrong="[pair[direction] for direction in (0, 1) for pair in pairs]",
        caught_by={
            "network": ["`rnn` is"],
            "deep-and-bidirectional": [
                "four layers in two directions",
                "the top layer's final states",
            ],
        },
    ),
    Mutation(
        "layers and directions are swapped in the index of a state",
        "parameters.py",
        right="return layer * num_directions + direction",
        wrong="return direction * num_directions + layer",
        caught_by={
            "parameters": ["in `nn.RNN` the last"],
            "deep-and-bidirectional": [
                "`state_index` names the row",
                "the top layer's final states",
            ],
            "symptoms": ["rows of `h_n` are layers"],
        },
    ),
    Mutation(
        "without an initial state the network starts from ones",
        "plain_rnn.py",
        right="input.new_zeros(states)",
        wrong="input.new_ones(states)",
        caught_by={
            "index": ["the loop ends in the state of `nn.RNN`"],
            "deep-and-bidirectional": ["with the crossing halves at zero"],
        },
    ),
    # The reference
    Mutation(
        "the gates of an LSTM are read in another framework's order",
        "cells.py",
        right="i, f, g, o = gates.chunk",
        wrong="i, g, f, o = gates.chunk",
        caught_by={
            "cells": ["`lstm_cell` is"],
            "cell-modules": ["`LSTMCell` is"],
        },
    ),
    Mutation(
        "the gates of an LSTM layer are read in another framework's order",
        "steps.py",
        right="i, f, g, o = torch.addmm",
        wrong="i, g, f, o = torch.addmm",
        caught_by={"steps": ["product, then step"], "modules": ["`LSTM` is"]},
    ),
    Mutation(
        "a GRU's update gate keeps the candidate, not the state",
        "cells.py",
        right="return (hx - n) * z + n",
        wrong="return (n - hx) * z + hx",
        caught_by={"cells": ["`gru_cell` is"], "cell-modules": ["`GRUCell` is"]},
    ),
    Mutation(
        "a GRU layer's update gate keeps the candidate, not the state",
        "steps.py",
        right="((h - n) * z).add_(n)",
        wrong="((n - h) * z).add_(h)",
        caught_by={"steps": ["product, then step"], "modules": ["`GRU` is"]},
    ),
    Mutation(
        "the reset gate leaves the bias out",
        "steps.py",
        right="return partial(gru_step, recurrent=recurrent, bias_hh=bias_hh), bias_ih",
        wrong="return partial(gru_step, recurrent=recurrent), bias_ih + bias_hh",
        caught_by={"steps": ["product, then step"], "network": ["`recurrent_network` is"]},
    ),
    Mutation(
        "where one bias is missing, the other is left out, too",
        "steps.py",
        right="bias_hh if bias_ih is None else bias_ih if bias_hh is None else bias_ih + bias_hh",
        wrong="None if bias_ih is None or bias_hh is None else bias_ih + bias_hh",
        caught_by={"steps": ["a bias that is missing"]},
    ),
    Mutation(
        "the output gate is written over, although autograd has kept it",
        "steps.py",
        right="o.sigmoid_() * torch.tanh(c)",
        wrong="o.sigmoid_().mul_(torch.tanh(c))",
        caught_by={"steps": ["writing over products"]},
    ),
    Mutation(
        "a piece is as long for a batch as for one sequence",
        "network.py",
        right="AT_ONCE // (input.shape[1] * features)",
        wrong="AT_ONCE // features",
        caught_by={"network": ["put together"]},
    ),
    Mutation(
        "read from the end, a piece of a long sequence begins at its front",
        "network.py",
        right="for projected in project(piece)[::order]:",
        wrong="for projected in project(piece):",
        caught_by={"network": ["a sequence in pieces"]},
    ),
    Mutation(
        "parameters are drawn as for a linear layer of that size",
        "module_base.py",
        right="bound = 1 / math.sqrt(hidden_size)",
        wrong="bound = math.sqrt(3 / hidden_size)",
        caught_by={
            "modules": ["with one seed, `reset_uniform`"],
            "cell-modules": ["with one seed, `LSTMCell`"],
        },
    ),
    # The reference: rnn_tutorial.heads
    Mutation(
        "the scale of dot-product scores is forgotten",
        "heads/attention.py",
        right="queries @ keys.transpose(1, 2) * scale",
        wrong="queries @ keys.transpose(1, 2)",
        caught_by={"heads": ["`dot_scores` is", "scaled dot scores and"]},
    ),
    Mutation(
        "the hidden layer of additive scores is linear",
        "heads/attention.py",
        right="torch.tanh(from_queries + from_keys) @ weight_score",
        wrong="(from_queries + from_keys) @ weight_score",
        caught_by={"heads": ["`additive_scores` is"]},
    ),
    Mutation(
        "padding is attended to, with the score zero",
        "heads/attention.py",
        right="scores.masked_fill(~mask.unsqueeze(1), -torch.inf)",
        wrong="scores.masked_fill(~mask.unsqueeze(1), 0.0)",
        caught_by={"heads": ["each sample's weights", "scaled dot scores and"]},
    ),
    Mutation(
        "the states stay in their rows when their sequences move",
        "heads/beam.py",
        right="state = tuple(tensor[rows] for tensor in state)",
        wrong="state = tuple(tensor for tensor in state)",
        caught_by={"heads": ["a beam that has room"]},
    ),
    Mutation(
        "log-probabilities are taken for costs, and the lowest are kept",
        "heads/beam.py",
        right="scores.topk(width, dim=1)",
        wrong="scores.topk(width, dim=1, largest=False)",
        caught_by={"heads": ["a beam that has room", "a beam of one"]},
    ),
    Mutation(
        "scores are multiplied by the temperature",
        "heads/sampling.py",
        right="scaled = scores / temperature",
        wrong="scaled = scores * temperature",
        caught_by={"heads": ["a temperature $T$"]},
    ),
    Mutation(
        "top-k also rules out the last of the k",
        "heads/sampling.py",
        right="masked_fill(scores < lowest, -torch.inf)",
        wrong="masked_fill(scores <= lowest, -torch.inf)",
        caught_by={"heads": ["where no two scores"]},
    ),
    Mutation(
        "the nucleus lacks the symbol that reaches p",
        "heads/sampling.py",
        right="ordered.cumsum(dim=-1).roll(1, dims=-1)",
        wrong="ordered.cumsum(dim=-1)",
        caught_by={"heads": ["no smaller set"]},
    ),
    Mutation(
        "symbols are drawn without the generator",
        "heads/sampling.py",
        right="torch.multinomial(rows, 1, generator=generator)",
        wrong="torch.multinomial(rows, 1)",
        caught_by={"heads": ["with one seed, `sample`"]},
    ),
    Mutation(
        "each symbol is read from the first state again",
        "heads/sampling.py",
        right="scores, state = _of_step(",
        wrong="scores, _ = _of_step(",
        caught_by={"heads": ["writing step by step"]},
    ),
    Mutation(
        "blanks are dropped before repeated symbols are merged",
        "heads/ctc.py",
        right="[symbol for symbol, _ in groupby(path) if symbol != blank]",
        wrong="[symbol for symbol, _ in groupby(one for one in path if one != blank)]",
        caught_by={"sequence-losses": ["it is `torch.unique_consecutive`"]},
    ),
    Mutation(
        "the blank between two equal labels may be skipped",
        "heads/ctc.py",
        right="may_skip = (symbols != blank) & (symbols != two_before)",
        wrong="may_skip = symbols != blank",
        caught_by={
            "sequence-losses": ["what moves through", "`ctc_loss` adds up", "values and gradients"]
        },
    ),
    Mutation(
        "only the blanks that may not be skipped are skipped",
        "heads/ctc.py",
        right="moved[:, :-2].masked_fill(~may_skip, NEVER)",
        wrong="moved[:, :-2].masked_fill(may_skip, NEVER)",
        caught_by={"sequence-losses": ["as probabilities, a step"]},
    ),
    Mutation(
        "an alignment has to end in a blank",
        "heads/ctc.py",
        right="(after_last < 0) | (after_last > 1)",
        wrong="after_last != 0",
        caught_by={"sequence-losses": ["`ctc_loss` adds up", "values and gradients"]},
    ),
    Mutation(
        "padding is decoded, too",
        "heads/ctc.py",
        right="ctc_collapse(path[:length], blank)",
        wrong="ctc_collapse(path, blank)",
        caught_by={"sequence-losses": ["no alignment is more probable"]},
    ),
    Mutation(
        "a repeated label counts again, with no blank before it",
        "heads/ctc.py",
        right="after_blank + log_prob",
        wrong="total + log_prob",
        caught_by={"sequence-losses": ["with room for all"]},
    ),
    Mutation(
        "the last tag is that of the padding",
        "heads/crf.py",
        right="last = tags.gather(1, real.sum(dim=1, keepdim=True) - 1).squeeze(1)",
        wrong="last = tags[:, -1]",
        caught_by={"sequence-losses": ["`path_score` is"]},
    ),
    Mutation(
        "transitions lead from the column's tag to the row's",
        "heads/crf.py",
        right="torch.logsumexp(alpha.unsqueeze(2) + transitions, dim=1)",
        wrong="torch.logsumexp(alpha.unsqueeze(2) + transitions.T, dim=1)",
        caught_by={"sequence-losses": ["`log_partition` is", "with `forbid`"]},
    ),
    Mutation(
        "the best path comes back from its end",
        "heads/crf.py",
        right="torch.stack(path[::-1], dim=1)",
        wrong="torch.stack(path, dim=1)",
        caught_by={"sequence-losses": ["no path has a higher"]},
    ),
    Mutation(
        "marginals are the gradient of the sum, not of its logarithm",
        "heads/crf.py",
        right="log_partition(emissions, moves, start, end, lengths).sum()",
        wrong="log_partition(emissions, moves, start, end, lengths).exp().sum()",
        caught_by={"sequence-losses": ["a tag's probability"]},
    ),
    Mutation(
        "what is allowed is forbidden",
        "heads/crf.py",
        right="scores.masked_fill(~allowed, NEVER)",
        wrong="scores.masked_fill(allowed, NEVER)",
        caught_by={"sequence-losses": ["with `forbid`"]},
    ),
    # nn.LSTM by hand
    Mutation(
        "the batch is taken from the time axis",
        "module_base.py",
        right="input.shape[not self.batch_first]",
        wrong="input.shape[self.batch_first]",
        caught_by={"modules": ["sizes and permuted states"]},
    ),
    Mutation(
        "the output gate before the content, as in many a cell written from a drawing",
        "cells.py",
        right="i, f, g, o = gates.chunk(4, dim=-1)",
        wrong="i, f, o, g = gates.chunk(4, dim=-1)",
        caught_by={
            "lstm-by-hand": ["this step is that of `nn.LSTMCell`", "past nine steps of noise"],
            "variants": ["ONNX's operator with the weights"],
        },
    ),
    Mutation(
        "the input gate is what the forget gate leaves, as in a GRU",
        "cells.py",
        right="torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)",
        wrong="torch.sigmoid(f) * c + (1 - torch.sigmoid(f)) * torch.tanh(g)",
        caught_by={"variants": ["steps with the weights in Keras's layout"]},
    ),
    Mutation(
        "the cell state is shown without tanh",
        "cells.py",
        right="h = torch.sigmoid(o) * torch.tanh(c)",
        wrong="h = torch.sigmoid(o) * c",
        caught_by={"variants": ["with peepholes of zero"]},
    ),
    Mutation(
        "tanh is applied to the projection, too",
        "cells.py",
        right="h if weight_hr is None else h @ weight_hr.T)",
        wrong="h if weight_hr is None else torch.tanh(h @ weight_hr.T))",
        caught_by={"variants": ["with `weight_hr` the loop"]},
    ),
    Mutation(
        "the units of a projection come in another order",
        "variants.md",
        right='step = partial(paddle_step, weight_ho=weights["weight_hr"].T, **shared)',
        wrong='step = partial(paddle_step, weight_ho=weights["weight_hr"].flip(1).T, **shared)',
        caught_by={"variants": ["steps with the weights in Paddle's layout"]},
    ),
    Mutation(
        "an LSTM reads one of its two biases",
        "cells.py",
        right="hidden_gates = nn.functional.linear(h, weight_hh, bias_hh)",
        wrong="hidden_gates = nn.functional.linear(h, weight_hh)",
        caught_by={"lstm-by-hand": ["with both biases added into one"]},
    ),
    Mutation(
        "the last pair is that of the first step",
        "loops.py",
        right="        states.append(hx)\n    return states",
        wrong="        states.insert(0, hx)\n    return states",
        caught_by={"lstm-by-hand": ["the loop above is `nn.LSTM`"]},
    ),
    # Sequences of unequal length
    Mutation(
        "the way back is the order of sorting once more, and not its inverse",
        "masked.py",
        right="order, order.argsort())",
        wrong="order, order)",
        caught_by={
            "unequal-length": ["`pack` is `pack_padded_sequence`"],
            "lengths": ["`pack` gives"],
        },
    ),
    Mutation(
        "padding sets the state to zero",
        "masked.py",
        right="torch.where(next(masks), step(x_t, hx), hx)",
        wrong="torch.where(next(masks), step(x_t, hx), 0 * hx)",
        caught_by={
            "unequal-length": ["the masked loop is `nn.RNN`"],
            "lengths": ["the state of `masked_unroll`"],
        },
    ),
    Mutation(
        "padding keeps the value of a state, and drops its history",
        "masked.py",
        right="torch.where(next(masks), step(x_t, hx), hx)",
        wrong="torch.where(next(masks), step(x_t, hx), hx.detach())",
        caught_by={"unequal-length": ["the gradients are those of the packed"]},
    ),
    Mutation(
        "padding is read like any other step",
        "masked.py",
        right="torch.where(next(masks), step(x_t, hx), hx)",
        wrong="step(x_t, hx)",
        caught_by={"unequal-length": ["with another number in the padding"]},
    ),
    Mutation(
        "the mask is used the wrong way round",
        "masked.py",
        right="states.masked_fill(~real, 0.0)",
        wrong="states.masked_fill(real, 0.0)",
        caught_by={"unequal-length": ["the last real step forward"]},
    ),
    Mutation(
        "a step too many counts as real",
        "masked.py",
        right="< lengths.unsqueeze(1)",
        wrong="<= lengths.unsqueeze(1)",
        caught_by={"unequal-length": ["mask, `ignore_index` and `pack`"]},
    ),
    # Verse in Chinese characters
    Mutation(
        "padded targets count in the loss of the verses",
        "verse.md",
        right="ignore_index=pad)",
        wrong="ignore_index=-100)",
        caught_by={"verse": ["the loss of the padded batch", "no gradient reaches"]},
    ),
    # Backpropagation through time
    Mutation(
        "the derivative of tanh without the square",
        "backward.py",
        right="(1 - h**2)",
        wrong="(1 - h)",
        caught_by={
            "backpropagation-through-time": [
                "the scalar example",
                "all gradients are those of `nn.RNN`",
            ]
        },
    ),
    Mutation(
        "the gradient of a bias is a mean",
        "backward.py",
        right='"bias_hh": rows.sum(0)',
        wrong='"bias_hh": rows.mean(0)',
        caught_by={
            "backpropagation-through-time": ["all gradients are those of `nn.RNN`"],
            "backward": ["`rnn_layer_backward` gives"],
        },
    ),
    Mutation(
        "the gradient of W_hh pairs with the state, and not with the one before",
        "backward.py",
        right="torch.cat([hx.unsqueeze(1), output[:, :-1]], dim=1)",
        wrong="output",
        caught_by={
            "backpropagation-through-time": [
                "all gradients are those of `nn.RNN`",
                "every gradient is the central difference",
            ]
        },
    ),
    Mutation(
        "nothing comes back from the next step",
        "backward.py",
        right="grad_output[:, t] + grad_hx",
        wrong="grad_output[:, t]",
        caught_by={"backpropagation-through-time": ["in pieces, the gradients"]},
    ),
    Mutation(
        "tanh by way of the sigmoid: equal numbers, and one more kept for each",
        "cells.py",
        right="return torch.tanh(gates) if",
        wrong="return 2 * torch.sigmoid(2 * gates) - 1 if",
        caught_by={"backpropagation-through-time": ["autograd keeps $T$ states"]},
    ),
    # Vanishing and exploding gradients
    Mutation(
        "a sigmoid instead of the tanh",
        "cells.py",
        right="return torch.tanh(gates) if",
        wrong="return torch.sigmoid(gates) if",
        caught_by={
            "regularising": ["residual layers whose parameters are zero"],
            "vanishing-gradients": [
                "the product over the steps",
                "at zero, an orthogonal layer",
            ],
        },
    ),
    Mutation(
        "an LSTM forgets as much as it writes",
        "cells.py",
        right="torch.sigmoid(f) * c",
        wrong="(1 - torch.sigmoid(i)) * c",
        caught_by={"vanishing-gradients": ["what we measure for LSTM", "without $W_{hh}$"]},
    ),
    Mutation(
        "the update gate of a GRU lets in where it should keep",
        "cells.py",
        right="return (hx - n) * z + n",
        wrong="return (n - hx) * z + hx",
        caught_by={"vanishing-gradients": ["what we measure for LSTM"]},
    ),
    # Debugging
    Mutation(
        "every step starts from zeros",
        "loops.py",
        right="        hx = step(x_t, hx)\n",
        wrong="        hx = step(x_t, torch.zeros_like(hx))\n",
        caught_by={
            "regularising": ["the normalised loop is `nn.LayerNorm`"],
            "symptoms": ["pieces with a carried, detached state"],
        },
    ),
    # A GRU by hand
    Mutation(
        "the gates are read in the order z, r, n",
        "cells.py",
        right="input_r, input_z, input_n = input_gates.chunk(3, dim=-1)",
        wrong="input_z, input_r, input_n = input_gates.chunk(3, dim=-1)",
        caught_by={"gru-by-hand": ["this step is that of `nn.GRUCell`", "the loop of steps above"]},
    ),
    Mutation(
        "the mixture of old and new is written out",
        "cells.py",
        right="return (hx - n) * z + n",
        wrong="return (1 - z) * n + z * hx",
        caught_by={"variants": ["`(h - n) * z + n` gives each bit"]},
    ),
    Mutation(
        "the update gate lets the new in, not the old through",
        "cells.py",
        right="return (hx - n) * z + n",
        wrong="return (n - hx) * z + hx",
        caught_by={
            "gru-by-hand": ["this step is that of `nn.GRUCell`"],
            "variants": ["with the rows of $z$ negated"],
        },
    ),
    Mutation(
        "the reset gate scales what is read, too",
        "cells.py",
        right="torch.tanh(input_n + r * hidden_n)",
        wrong="torch.tanh(r * (input_n + hidden_n))",
        caught_by={"gru-by-hand": ["for $r$ and $z$ one bias", "with $b_{hn}$ zero, reset before"]},
    ),
    Mutation(
        "no gradient comes back through the reset gate",
        "cells.py",
        right="r = torch.sigmoid(input_r + hidden_r)",
        wrong="r = torch.sigmoid(input_r + hidden_r).detach()",
        caught_by={"gru-by-hand": ["the gradients of all parameters"]},
    ),
    Mutation(
        "the weight of the state has one part, whatever the gates",
        "parameters.py",
        right="(gates * hidden_size, shown)",
        wrong="(hidden_size, shown)",
        caught_by={"gru-by-hand": ["a GRU has three quarters of an LSTM's"]},
    ),
    # Regularising and varying the cell
    Mutation(
        "layers start from each other's states",
        "depth.py",
        right="zip(layers, hx, strict=True)",
        wrong="zip(layers, list(hx)[::-1], strict=True)",
        caught_by={"regularising": ["with the same seed, dropout between our layers"]},
    ),
    Mutation(
        "dropout also acts on what the lowest layer reads",
        "network.py",
        right="if k > 0 else layer",
        wrong="if k >= 0 else layer",
        caught_by={"modules": ["from one seed, a network in training"]},
    ),
    # Where the time goes
    Mutation(
        "TODO a mistake in words, for where-the-time-goes",
        "TODO a file of rnn_tutorial/, such as cells.py, or where-the-time-goes.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"where-the-time-goes": ["TODO Say what equals what"]},
    ),
    # Linear recurrences
    Mutation(
        "TODO a mistake in words, for linear-recurrences",
        "TODO a file of rnn_tutorial/, such as cells.py, or linear-recurrences.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"linear-recurrences": ["TODO Say what equals what"]},
    ),
    # Gates that do not read the state
    Mutation(
        "TODO a mistake in words, for gated-linear",
        "TODO a file of rnn_tutorial/, such as cells.py, or gated-linear.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"gated-linear": ["TODO Say what equals what"]},
    ),
    # State space models
    Mutation(
        "TODO a mistake in words, for state-space",
        "TODO a file of rnn_tutorial/, such as cells.py, or state-space.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"state-space": ["TODO Say what equals what"]},
    ),
    # Out of Python
    Mutation(
        "TODO a mistake in words, for out-of-python",
        "TODO a file of rnn_tutorial/, such as cells.py, or out-of-python.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"out-of-python": ["TODO Say what equals what"]},
    ),
    # Streaming
    Mutation(
        "TODO a mistake in words, for streaming",
        "TODO a file of rnn_tutorial/, such as cells.py, or streaming.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"streaming": ["TODO Say what equals what"]},
    ),
    # Many processes
    Mutation(
        "all processes train on the rows of rank 0",
        "many-processes.md",
        right="part.tensor_split(world)[rank] for part in batch(lengths)",
        wrong="part.tensor_split(world)[0] for part in batch(lengths)",
        caught_by={"many-processes": ["with equal halves", "with unequal halves"]},
    ),
    Mutation(
        "the sum is divided by all tokens, as if DDP added up",
        "ranks.py",
        right="* (world / total)",
        wrong="* (1 / total)",
        caught_by={"many-processes": ["with unequal halves", "`Join` and empty"]},
    ),
    Mutation(
        "the last piece is not synchronised either",
        "many-processes.md",
        right="if k + 1 == pieces else model",
        wrong="if k == pieces else model",
        caught_by={"many-processes": ["with unequal halves", "both ranks hold"]},
    ),
    Mutation(
        "the optimizer starts anew",
        "many-processes.md",
        right="        optimizer.load_state_dict(saved[\"optimizer\"])\n",
        wrong="",
        caught_by={"many-processes": ["two updates, saved"]},
    ),
    # Starting well
    Mutation(
        "TODO a mistake in words, for starting-well",
        "TODO a file of rnn_tutorial/, such as cells.py, or starting-well.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"starting-well": ["TODO Say what equals what"]},
    ),
]
